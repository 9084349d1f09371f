"""What is known of a published set: its folders, files and stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sr_experiments.data.prepare.download import RemoteFile
from sr_experiments.imaging import Degradation


@dataclass(frozen=True)
class Folder:
    """A folder of the set.

    Attributes:
        images: how many there must be.
        members: pattern of their names in the published archives.
        digest: of all pixels of the copy that this project was checked with; None: not known.
        note: what to know about it.
    """

    images: int
    members: str
    digest: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Recipe:
    """Stores that are built in advance, for networks of this kind."""

    channels: int
    scales: Sequence[float]
    interpolated: bool
    degradation: Degradation = field(default_factory=Degradation)


@dataclass(frozen=True)
class Published:
    """A set of images as it is published.

    Attributes:
        name: what ``dataset=`` is called.
        folders: its folders below the root.
        files: archives or images to fetch; an address with ``{01..24}`` stands for many.
        recipes: stores to build.
    """

    name: str
    folders: Mapping[str, Folder]
    files: Sequence[RemoteFile]
    recipes: Sequence[Recipe] = ()
