/** Shows one side of the comparison: a tile that is chosen from the figures of a picture. */
function showSide(side, figures) {
  const figure = figures[Number(document.getElementById(side).value)];
  const image = document.querySelector(`.stage .${side}`);
  const tile = figure.querySelector("img");
  image.src = tile.src;
  image.alt = tile.alt.replace(/, (?=[^,]*$)/, `, ${side}: `);
  document.querySelector(`.side.${side} > span`).textContent =
    figure.querySelector("figcaption span").textContent;
}

/** Two tiles of a picture over each other; a range input moves the border between them. */
function startPictures() {
  const stage = document.querySelector(".stage");
  if (!stage) return;
  const shelves = [...document.querySelectorAll(".tiles")];
  const picture = document.getElementById("picture");
  const range = stage.querySelector("input");
  const figures = () => shelves[Number(picture.value)].children;

  function choosePicture() {
    const { width, ratio, first, last } = shelves[Number(picture.value)].dataset;
    shelves.forEach((shelf, place) => (shelf.hidden = place !== Number(picture.value)));
    stage.style.width = document.querySelector(".sides").style.width = `${width}px`;
    stage.style.aspectRatio = ratio;
    const names = [...figures()].map((one, place) => [place, one.querySelector("b").textContent]);
    for (const [side, place] of [["left", first], ["right", last]]) {
      fill(document.getElementById(side), names, place);
      showSide(side, figures());
    }
  }

  function moveBorder() {
    stage.style.setProperty("--border", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % left, ${100 - range.value} % right`);
  }

  picture.addEventListener("change", choosePicture);
  range.addEventListener("input", moveBorder);
  for (const side of ["left", "right"]) {
    document.getElementById(side).addEventListener("change", () => showSide(side, figures()));
  }
  choosePicture();
  moveBorder();
  document.querySelector(".comparison").hidden = false;
}
