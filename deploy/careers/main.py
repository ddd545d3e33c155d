"""`careers`, the operator's command: one file a command in commands/, each imports what it runs when it runs."""

import typer

from deploy.careers.commands import (
    audit,
    databases,
    demo,
    doctor,
    down,
    erase,
    export,
    import_files,
    keys,
    openapi,
    retention,
    secrets,
    token,
    topics,
    up,
)

app = typer.Typer(
    help="Run, prepare and look after the career services.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up)
app.command("down")(down.down)
app.command("token", epilog=token.EXAMPLE)(token.token)
app.command("demo")(demo.demo)
app.command("import")(import_files.import_files)
app.command("erase")(erase.erase)
app.command("export", epilog=export.EXAMPLE)(export.export)
app.command("openapi", epilog=openapi.EXAMPLE)(openapi.openapi)
app.command("secrets")(secrets.make)
app.command("doctor")(doctor.doctor)
app.add_typer(databases.app, name="databases")
app.add_typer(keys.app, name="keys")
app.add_typer(topics.app, name="topics")
app.add_typer(audit.app, name="audit")
app.add_typer(retention.app, name="retention")

if __name__ == "__main__":
    app()
