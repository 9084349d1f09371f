// Zooming by keyboard: the middle of the range moves, or its width changes, along x.
const ZOOM_KEYS = {
  "+": { grow: 0.5, move: 0 },
  "=": { grow: 0.5, move: 0 },
  "-": { grow: 2, move: 0 },
  ArrowLeft: { grow: 1, move: -0.2 },
  ArrowRight: { grow: 1, move: 0.2 },
};

/** The zoom after a key, null for none, or undefined where the key means nothing. */
function zoomByKey(key, chart, view) {
  if (key === "0" || key === "Escape") return null;
  const change = ZOOM_KEYS[key];
  if (!change) return undefined;
  const into = view.logX ? Math.log10 : (x) => x;
  const back = view.logX ? (x) => 10 ** x : (x) => x;
  const low = into(chart.scales.x.min);
  const high = into(chart.scales.x.max);
  const half = (change.grow * (high - low)) / 2;
  const middle = (low + high) / 2 + change.move * (high - low);
  return { x: [back(middle - half), back(middle + half)], y: view.zoom ? view.zoom.y : null };
}
