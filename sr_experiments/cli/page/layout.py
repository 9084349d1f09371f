"""What the page shows: a form, the progress, and the result behind a slider."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from nicegui import Client, app, events, run, ui
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response

from sr_experiments.cli.page.enlarge import Enlarger, Request, Result, Upload
from sr_experiments.errors import UserError

HOST = "127.0.0.1"
_STYLE = Path(__file__).with_name("slider.css")


class Shown:
    """The pictures of all open pages, each at an address that nobody can guess."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, bytes]] = {}

    def put(self, owner: str, files: Mapping[str, bytes]) -> dict[str, str]:
        """Shows PNG files in place of the page's former ones; their addresses by name."""
        self._files[owner] = {f"{name}-{secrets.token_urlsafe(16)}": b for name, b in files.items()}
        return {key.partition("-")[0]: f"/pictures/{key}" for key in self._files[owner]}

    def drop(self, owner: str) -> None:
        """Forgets what a page showed."""
        self._files.pop(owner, None)

    def respond(self, key: str) -> Response:
        """The answer to a request for a picture."""
        for files in self._files.values():
            if key in files:
                headers = {"Cache-Control": "no-store"}
                return Response(files[key], media_type="image/png", headers=headers)
        return Response("gone", status_code=404)


class Queue:
    """Pages are served one after the other, as they came."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._pages: list[str] = []

    @asynccontextmanager
    async def turn(self, page: str) -> AsyncIterator[None]:
        """Waits until it is a page's turn, and ends that afterwards."""
        self._pages.append(page)
        try:
            async with self._lock:
                yield
        finally:
            self._pages.remove(page)

    def before(self, page: str) -> int:
        """How many pages are served before a page."""
        return self._pages.index(page) if page in self._pages else 0


class Page:
    """One open page.

    Args:
        enlarger: does the work.
        shown: the pictures of all pages.
        queue: has the requests of all pages served one after the other.
        weights: what can be chosen.
        most_bytes: of a file.
    """

    def __init__(
        self,
        enlarger: Enlarger,
        shown: Shown,
        queue: Queue,
        weights: Sequence[str],
        most_bytes: int,
    ) -> None:
        self.enlarger, self.shown, self.queue = enlarger, shown, queue
        self.client: Client = ui.context.client
        self.picture: Upload | None = None
        self.original: Upload | None = None
        self.share = 0.0
        self.client.on_disconnect(lambda: shown.drop(self.client.id))
        ui.add_css(_STYLE.read_text(encoding="utf-8"))
        with ui.column().classes("page"):
            ui.label("Enlarge a picture").classes("text-2xl").props('role="heading" aria-level="1"')
            with ui.row().classes("w-full"):
                self._upload("Picture", most_bytes, "picture")
                self._upload("Original, to compare with (if you have it)", most_bytes, "original")
            with ui.row().classes("items-center"):
                self.weights = ui.select(list(weights), value=weights[0], label="Weights")
                self.scale = ui.number("Scale", placeholder="of the weights", min=1, step=1)
                self.ensemble = ui.checkbox("Average over 8 flips and turns")
                self.button = ui.button("Enlarge", on_click=self.enlarge)
            self.state = ui.label().props('role="status"')
            self.bar = ui.linear_progress(0, show_value=False)
            self.bar.visible = False
            self.result = ui.column().classes("w-full")
        self.timer = ui.timer(0.2, self._show_progress, active=False)

    def _upload(self, label: str, most_bytes: int, place: str) -> None:
        async def take(event: events.UploadEventArguments) -> None:
            name = event.file.name
            setattr(self, place, Upload(name, await event.file.read()))
            uploader.props["label"] = f"{label}: {name}"
            uploader.reset()  # or no other could be given

        def refuse() -> None:
            limit = f"{most_bytes / 2**20:g} MB"
            ui.notify(f"One image of at most {limit} can be given here", type="negative")

        uploader = ui.upload(
            label=label,
            auto_upload=True,
            max_files=1,
            max_file_size=most_bytes,
            on_upload=take,
            on_rejected=refuse,
        )
        uploader.props('accept="image/*"').classes(place)

    async def enlarge(self) -> None:
        """Restores the picture, when those before it are done, and shows the result."""
        if self.picture is None:
            ui.notify("Give a picture first", type="warning")
            return
        scale = None if self.scale.value is None else float(self.scale.value)
        request = Request(
            self.picture, self.original, self.weights.value, scale, self.ensemble.value
        )
        self.button.disable()
        self.share, self.bar.visible, self.timer.active = 0.0, True, True
        try:
            async with self.queue.turn(self.client.id):
                result = await run.io_bound(self.enlarger, request, self._advance)
        except UserError as error:
            self.state.text = f"error: {error}"
        else:
            if result and self.client.has_socket_connection:  # none where the server ends
                self._show(request, result)
        finally:
            self.timer.active = self.bar.visible = False
            self.button.enable()

    def _advance(self, share: float) -> None:
        self.share = share

    def _show_progress(self) -> None:
        before = self.queue.before(self.client.id)
        self.bar.value = self.share
        self.state.text = f"waiting for {before} before" if before else "restoring ..."

    def _show(self, request: Request, result: Result) -> None:
        files = {name: getattr(result, name) for name in ("given", "bicubic", "restored")}
        places = self.shown.put(self.client.id, files)
        self.state.text = result.words
        self.result.clear()
        with self.result:
            for line in result.scores:
                ui.label(line)
            with ui.element("div").classes("compare"):
                ui.element("img").props(f'src="{places["restored"]}" alt="restored"')
                left = ui.element("img").classes("left")
                left.props(f'src="{places["bicubic"]}" alt="bicubic"')
                ui.element("input").props(
                    'type=range min=0 max=100 value=50 aria-label="how much is shown of each" '
                    "oninput=\"this.parentElement.style.setProperty('--cut', this.value + '%')\""
                )

            def choose(event: events.ValueChangeEventArguments[str]) -> None:
                left.props(f'src="{places[event.value]}" alt="{event.value}"')

            with ui.row().classes("items-center"):
                ui.label("Left of the line:")
                ui.radio(
                    {"bicubic": "bicubic interpolation", "given": "the picture itself"},
                    value="bicubic",
                    on_change=choose,
                ).props("inline")
                name = f"{Path(request.picture.name).stem}_{Path(request.weights).stem}.png"
                ui.link("Download the result", places["restored"]).props(f'download="{name}"')


def serve(
    enlarger: Enlarger, weights: Sequence[str], most_bytes: int, port: int, show: bool
) -> None:
    """Serves the page, to this machine alone, until Ctrl-C.

    Args:
        enlarger: does the work.
        weights: what can be chosen.
        most_bytes: of a file.
        port: of 127.0.0.1.
        show: whether to open a browser.
    """
    shown, queue = Shown(), Queue()
    # Another site's name that leads to this machine does not get in.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    app.get("/pictures/{key}")(shown.respond)

    def root() -> None:
        Page(enlarger, shown, queue, weights, most_bytes)

    ui.run(
        root,
        host=HOST,
        port=port,
        title="sr_experiments",
        reload=False,
        show=show,
        dark=None,
        show_welcome_message=False,
        on_air=None,
    )
