"""Files as they arrive with a request: kept sealed, a chunk at a time, and never held whole."""

import hashlib
from collections.abc import Awaitable, Callable

from services.profiles.imports.jobs import File
from services.profiles.imports.mapping import AS_IT_IS, LARGEST_MAPPING, ColumnMapping
from services.profiles.imports.problems import Wrong
from services.profiles.imports.shapes import check_mapping
from services.profiles.imports.staging import Staging
from services.profiles.imports.upload import NoForm, Part, files_of
from shared.eventstore import CommandKey
from shared.http import Upload
from shared.http.problems import BodyTooLarge, MalformedRequest
from shared.refusals import Unacceptable

CHUNK = 256 * 1024
"""Bytes of a file that are kept together."""

TOUCH = 40
"""Chunks after which the job says that its files are still arriving."""

MAPPING = "mapping"
"""The field of a form that holds the column mapping."""


class Receiving:
    """The files of one request. Without staging they are looked at and not kept."""

    def __init__(self, staging: Staging | None) -> None:
        self.files: list[File] = []
        self._staging = staging
        self._digest = hashlib.sha256()
        self._mapping = bytearray()
        self._mapped = False
        self._content = bytearray()
        self._chunks = 0

    async def all(self, upload: Upload, arriving: Callable[[], Awaitable[None]] | None = None) -> None:
        """Takes all there is, calling `arriving` now and then. Raises MalformedRequest, Unacceptable, BodyTooLarge."""
        part: Part | None = None
        try:
            async for one in files_of(upload, form=upload.media_type == "multipart/form-data"):
                if isinstance(one, Part):
                    await self._end(part)
                    part = one
                    self._begin(one)
                    continue
                self._digest.update(one)
                self._take(part, one)
                if len(self._content) >= CHUNK:
                    await self._keep()
                    if arriving is not None and self._chunks % TOUCH == 0:
                        await arriving()
        except NoForm as error:
            raise MalformedRequest(f"The body is not a form: {error}.") from None
        await self._end(part)
        if not self.files:
            raise Unacceptable("There is no file.")

    def mapping(self) -> ColumnMapping:
        """The column mapping that came with the files. Raises Unacceptable."""
        if not self._mapped:
            return AS_IT_IS
        try:
            mapping = ColumnMapping.read(bytes(self._mapping))
            check_mapping(mapping)
        except Wrong as wrong:
            raise Unacceptable(f"The mapping {wrong.detail}.") from None
        return mapping

    def key(self, given: CommandKey) -> CommandKey:
        """The caller's key, with a fingerprint of the files too."""
        said = given.fingerprint + self._digest.digest()
        return CommandKey(given.key, hashlib.sha256(said).digest()[:16])

    def _begin(self, part: Part) -> None:
        self._digest.update(f"\0{part.name}\0{part.file_name}\0".encode())
        self._chunks = 0
        if part.name == MAPPING:
            self._mapped = True
        else:
            self.files.append(File(name=part.file_name or part.name, part=part.name))

    def _take(self, part: Part | None, content: bytes) -> None:
        if part is not None and part.name == MAPPING:
            self._mapping += content
            if len(self._mapping) > LARGEST_MAPPING:
                raise BodyTooLarge(f"A mapping has at most {LARGEST_MAPPING} bytes.")
        else:
            self._content += content

    async def _end(self, part: Part | None) -> None:
        if part is not None and part.name != MAPPING and self._content:
            await self._keep()

    async def _keep(self) -> None:
        file = self.files[-1]
        content = bytes(self._content)
        self._content.clear()
        self.files[-1] = file.model_copy(update={"bytes": file.bytes + len(content)})
        if self._staging is not None:
            await self._staging.put_chunk(len(self.files) - 1, self._chunks, content)
        self._chunks += 1
