const AXES = { epoch: "epochs", step: "optimizer steps", seconds: "seconds of training" };
const WHOLE = [1, 2, 5].flatMap((digit) =>
  [...Array(9).keys()].map((power) => digit * 10 ** power),
);
WHOLE.sort((a, b) => a - b);

function seriesOptions(part, styles) {
  const { colour, dash } = styles.get(part.variant);
  if (part.role === "mean")
    return { stroke: colour, width: 2, dash, points: { size: 6, fill: colour } };
  if (part.role === "runs") return { stroke: `${colour}99`, width: 1, points: { show: false } };
  return { stroke: "transparent", width: 0, points: { show: false } };
}

/** Bands between the columns of low and high values. */
function bandsOf(parts, styles) {
  return parts.flatMap((part, place) =>
    part.role === "low"
      ? [{ series: [place + 2, place + 1], fill: `${styles.get(part.variant).colour}2b` }]
      : [],
  );
}

/** One scale: the zoomed range if there is one, else the given one, else all values. */
function scaleOptions(log, zoomed, known) {
  const scale = { time: false, distr: log ? 3 : 1 };
  if (zoomed) scale.range = () => zoomed;
  else if (known) scale.range = () => (log ? logRange(...known) : uPlot.rangeNum(...known, 0.1, true));
  else if (log) scale.range = (chart, low, high) => (low === null ? [1, 10] : logRange(low, high));
  return scale;
}

/** Room for the longest label of the y axis, in CSS pixels. */
function labelRoom(chart, labels) {
  return 16 + 7 * Math.max(2, ...(labels ?? []).map((label) => String(label ?? "").length));
}

function axisOptions(label, log, whole, size) {
  const axis = {
    label,
    labelSize: label ? 22 : 0,
    size,
    stroke: themeColour("--muted"),
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
    grid: { stroke: themeColour("--grid"), width: 1 },
    ticks: { show: false },
  };
  if (whole) axis.incrs = WHOLE;
  if (log) {
    axis.splits = (chart, index, low, high) => logTicks(low, high);
    axis.filter = (chart, ticks) => ticks;
    axis.values = (chart, ticks) => ticks.map(String);
  }
  return axis;
}

/**
 * Draws into a place that is emptied first, and returns the uPlot chart.
 * onZoom gets {x: [low, high], y: [low, high]} of a dragged rectangle, or null for a reset.
 */
function drawChart(place, metric, view, styles, onZoom) {
  const { data, parts, range } = drawnSeries(metric, view);
  const zoom = view.zoom;
  const options = {
    ...chartSize(place),
    scales: {
      x: scaleOptions(view.logX, zoom && zoom.x),
      y: scaleOptions(view.logY, zoom && zoom.y, range),
    },
    axes: [
      axisOptions(AXES[view.x], view.logX, view.x !== "seconds" && !view.logX, 32),
      axisOptions(null, view.logY, false, labelRoom),
    ],
    series: [{}, ...parts.map((part) => seriesOptions(part, styles))],
    bands: bandsOf(parts, styles),
    legend: { show: false },
    cursor: {
      drag: { x: true, y: true, uni: 24, setScale: false },
      bind: { dblclick: () => () => onZoom(null) },
    },
    hooks: { setSelect: [(chart) => zoomTo(chart, onZoom)] },
    plugins: [tooltip(parts, view, styles)],
  };
  place.replaceChildren();
  return new uPlot(options, data, place);
}

/** Width of the place and a height that suits it, in CSS pixels. */
function chartSize(place) {
  const width = Math.max(place.clientWidth, 200);
  return { width, height: width < 560 ? 300 : 420 };
}

function zoomTo(chart, onZoom) {
  const { left, top, width, height } = chart.select;
  if (width < 2 && height < 2) return;
  onZoom({
    x: [chart.posToVal(left, "x"), chart.posToVal(left + width, "x")],
    y: [chart.posToVal(top + height, "y"), chart.posToVal(top, "y")],
  });
}
