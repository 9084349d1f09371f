/** How many screen pixels show a pixel of a picture that should be about this wide. */
function enlargement(width, wanted) {
  return Math.max(1, Math.floor(wanted / width));
}

function tileFigure(picture, tile) {
  const width = picture.width * enlargement(picture.width, 190);
  const image = make("img", {
    src: tile.src,
    alt: `${picture.title}, ${tile.name}`,
    width: picture.width,
    height: picture.height,
  });
  image.style.width = `${width}px`;
  const words = make("figcaption", {}, make("b", {}, tile.name), ` ${tile.caption}`);
  return make("figure", {}, image, words);
}

/** Two tiles over each other; a range input moves the border between them. */
function stageOf(picture) {
  const left = make("img", { class: "left" });
  const right = make("img", {});
  const border = make("span", { class: "border", "aria-hidden": "true" });
  const range = make("input", {
    type: "range",
    min: "0",
    max: "100",
    value: "50",
    step: "1",
    "aria-label": "Border between the left and the right picture",
    oninput: move,
  });
  const stage = make("div", { class: "stage" }, right, left, range, border);
  const width = picture.width * enlargement(picture.width, 680);
  stage.style.width = `${width}px`;
  stage.style.aspectRatio = `${picture.width} / ${picture.height}`;

  function move() {
    stage.style.setProperty("--border", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % left, ${100 - range.value} % right`);
  }

  function show(leftTile, rightTile) {
    for (const [image, tile, side] of [
      [left, leftTile, "left"],
      [right, rightTile, "right"],
    ]) {
      image.src = tile.src;
      image.alt = `${picture.title}, ${side}: ${tile.name}`;
    }
  }

  move();
  return { stage, show };
}

const BASELINES = ["bicubic", "noisy", "input"];

/** The tiles that are compared first: bicubic interpolation with the last restored one. */
function firstPair(tiles) {
  const bicubic = tiles.findIndex((tile) => BASELINES.includes(tile.name.toLowerCase()));
  const restored = tiles.findLastIndex((tile) => tile.name.toLowerCase() !== "original");
  return { left: Math.max(bicubic, 0), right: restored < 0 ? tiles.length - 1 : restored };
}

function comparison(picture) {
  const { stage, show } = stageOf(picture);
  const chosen = firstPair(picture.tiles);
  const captions = { left: make("span", {}), right: make("span", {}) };
  const names = picture.tiles.map((tile, index) => [String(index), tile.name]);

  function update() {
    show(picture.tiles[chosen.left], picture.tiles[chosen.right]);
    for (const side of ["left", "right"])
      captions[side].textContent = picture.tiles[chosen[side]].caption;
  }

  const field = (side, words) => {
    const select = choice(names, String(chosen[side]), (value) => {
      chosen[side] = Number(value);
      update();
    });
    return make("div", { class: `side ${side}` }, labelled(words, select), captions[side]);
  };
  update();
  const sides = make("div", { class: "sides" }, field("left", "Left"), field("right", "Right"));
  sides.style.width = stage.style.width;
  const tiles = picture.tiles.map((tile) => tileFigure(picture, tile));
  return [sides, stage, make("div", { class: "tiles" }, ...tiles)];
}

/** The pictures: which one, two of its tiles over each other, and all side by side. */
function picturesSection(pictures) {
  const usable = pictures.filter((picture) => picture.tiles.length > 0);
  const place = make("div", {});
  const show = (index) => place.replaceChildren(...comparison(usable[index]));
  const options = usable.map((picture, index) => [String(index), picture.title]);
  const select = choice(options, "0", (value) => show(Number(value)));
  show(0);
  return [make("div", { class: "controls" }, labelled("Picture", select)), place];
}
