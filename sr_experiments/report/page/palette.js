// Told apart by the colour-blind, and at least 3:1 against the page. Eight colours and five
// dashes give forty different lines.
const LIGHT_COLOURS =
  "#0072b2 #d55e00 #00805c #aa4499 #8a6a00 #332288 #a3162e #5c6670".split(" ");
const DARK_COLOURS =
  "#56b4e9 #ff9442 #3ecf9f #e79ccb #f0e442 #aaa5ff #ff8b94 #b4bcc4".split(" ");
const DASHES = [[], [9, 4], [2, 3], [10, 3, 2, 3], [5, 2]];
const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");

/** The colour and dash of the variant at this place of the list. */
function lineStyle(place) {
  const colours = darkScheme.matches ? DARK_COLOURS : LIGHT_COLOURS;
  return { colour: colours[place % colours.length], dash: DASHES[place % DASHES.length] };
}

/** Name, colour and dash of each variant, by its id. */
function stylesOf(variants) {
  const named = ({ id, name }, place) => [id, { ...lineStyle(place), name }];
  return new Map(variants.map(named));
}

/** A short piece of a variant's line. */
function swatch({ colour, dash }) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const dashes = dash.join(" ") || "none";
  const frame = { width: 34, height: 12, "aria-hidden": "true", class: "swatch" };
  for (const [key, value] of Object.entries(frame)) picture.setAttribute(key, value);
  picture.innerHTML =
    `<line x1="1" y1="6" x2="33" y2="6" stroke-width="2.5" stroke="${colour}" stroke-dasharray="${dashes}"/>`;
  return picture;
}

/** A colour that the style sheet names, as "--line". */
function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
