// A career, played through clients that were made from careers.json: the employee drives it, the manager supports it,
// the leader of another unit opens a role. See docs/integrating.md for what makes careers.d.ts, and for the variables.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./careers.d.ts";

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`Set ${name}.`);
  return value;
}

/** One client a service, for one person. Each service has its own address; behind one origin, one client is enough. */
function clients(token: string) {
  const authorised: Middleware = {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  };
  const made = (service: string) => {
    const client = createClient<paths>({ baseUrl: needed(`${service}_URL`), redirect: "error" });
    client.use(authorised);
    return client;
  };
  return {
    profiles: made("PROFILES"),
    conversations: made("CONVERSATIONS"),
    opportunities: made("OPPORTUNITIES"),
    projections: made("PROJECTIONS"),
  };
}

/** What was answered; a refusal is a problem document, whose code programs look at. */
function told<T>(answer: { data?: T; error?: { code: string; detail?: string }; response: Response }): T {
  if (answer.error !== undefined) throw new Error(`${answer.response.status} ${answer.error.code}: ${answer.error.detail ?? ""}`);
  return answer.data as T;
}

/** The version to change, as it was read. */
function etag(answer: { response: Response }): string {
  return answer.response.headers.get("etag") ?? "";
}

const person = needed("EMPLOYEE");
const employee = clients(needed("EMPLOYEE_TOKEN"));
const manager = clients(needed("MANAGER_TOKEN"));
const leader = clients(needed("LEADER_TOKEN"));
const today = new Date().toISOString().slice(0, 10);

const wish = told(
  await employee.profiles.POST("/v1/people/{person}/aspirations", {
    params: { path: { person } },
    body: { grain: "skill", certainty: "likely", text: "I like finding out why something broke.", skills: ["test automation"] },
  }),
);
const shared = told(
  await employee.profiles.POST("/v1/people/{person}/aspirations/{aspiration}/share", {
    params: { path: { person, aspiration: wish.id } },
    body: { purpose: "For our talk" },
  }),
);
const read = told(
  await manager.profiles.GET("/v1/people/{person}/aspirations/{aspiration}", {
    params: { path: { person, aspiration: wish.id }, query: { after: shared.after ?? undefined } },
  }),
);
console.error(`The manager reads: ${read.content?.text}`);

const soon = new Date(Date.now() + 3_600_000).toISOString();
const talk = told(
  await employee.conversations.POST("/v1/people/{person}/conversations", {
    params: { path: { person } },
    body: { topic: "direction", proposed_for: soon },
  }),
);
told(
  await manager.conversations.POST("/v1/conversations/{conversation}/accept", {
    params: { path: { conversation: talk.id } },
    body: { proposed_for: soon },
  }),
);
told(await employee.conversations.POST("/v1/conversations/{conversation}/hold", { params: { path: { conversation: talk.id } }, body: {} }));

const role = told(
  await leader.opportunities.POST("/v1/opportunities", {
    body: {
      kind: "role",
      unit: needed("UNIT"),
      title: "Test Engineer",
      description: "You find out why something broke before a customer does.",
      skills: ["test automation"],
    },
  }),
);
const applied = told(
  await employee.opportunities.POST("/v1/applications", { body: { opportunity: role.id, skills: ["fault analysis"], statement: "I know what customers trip over." } }),
);
const application = { path: { application: applied.id } };
told(await leader.opportunities.POST("/v1/applications/{application}/shortlist", { params: application }));
const listed = await leader.opportunities.GET("/v1/applications/{application}", { params: application });
told(
  await leader.opportunities.POST("/v1/applications/{application}/offer", {
    params: { ...application, header: { "If-Match": etag(listed) } },
    body: {},
  }),
);
told(await employee.opportunities.POST("/v1/applications/{application}/accept-offer", { params: application }));
const move = { path: { move_case: told(await employee.opportunities.GET("/v1/applications/{application}", { params: application })).move_case ?? "" } };
const agreed = await manager.opportunities.GET("/v1/move-cases/{move_case}", { params: move });
told(
  await manager.opportunities.POST("/v1/move-cases/{move_case}/release", {
    params: { ...move, header: { "If-Match": etag(agreed) } },
    body: { release_on: today },
  }),
);
const done = told(
  await leader.opportunities.POST("/v1/move-cases/{move_case}/complete", { params: move, body: { arrived_on: today } }),
);

const timeline = told(
  await employee.projections.GET("/v1/people/{person}/timeline", {
    params: { path: { person }, query: { order: "oldest", limit: 100, after: done.after ?? undefined } },
  }),
);
for (const entry of timeline.items) console.log(entry.kind);
