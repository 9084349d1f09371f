const NO_CURVES = "There are no curves: no run has recorded a metric over training yet.";
const NOTHING_SHOWN = "Nothing to draw: all configurations are hidden, or none has values here.";

/** The x axes that some line of the metric can be drawn over. */
function axesOf(metric) {
  const known = (axis) => metric.lines.some((lines) => lines[axis].some((x) => x !== null));
  return Object.keys(AXES).filter(known);
}

/** Buttons that hide and show configurations. */
function legendButtons(styles, present, view, redraw) {
  const buttons = [...styles].map(([id, style]) => {
    const toggle = (event) => {
      const shown = view.hidden.delete(id);
      if (!shown) view.hidden.add(id);
      event.currentTarget.setAttribute("aria-pressed", String(shown));
      redraw();
    };
    const attributes = { type: "button", "aria-pressed": String(!view.hidden.has(id)), onclick: toggle };
    return present.has(id) ? make("button", attributes, swatch(style), style.name) : null;
  });
  return buttons.filter((button) => button !== null);
}

/** The section of curves; everything that is changed goes through one view and one redraw. */
function curvesSection(content) {
  if (content.metrics.length === 0) return [make("p", { class: "empty" }, NO_CURVES)];
  const view = {
    metric: 0, x: "epoch", logX: false, logY: false, runs: false, smoothing: 0,
    hidden: new Set(), zoom: null,
  };
  const place = make("div", { class: "plot" });
  const hint = "Drag to zoom, double-click to reset. Keys: + and − zoom, arrows move, 0 resets.";
  const keys = make("p", { class: "hint", id: "curve-keys" }, hint);
  const frame = make("div", { class: "frame", tabindex: "0", role: "group", "aria-describedby": "curve-keys" }, place);
  const legend = make("div", { class: "legend", role: "group", "aria-label": "Configurations shown" });
  const about = make("p", { class: "hint" });
  let chart = null;

  function zoom(range) {
    view.zoom = range;
    draw();
  }

  function draw() {
    const metric = content.metrics[view.metric];
    const styles = new Map(content.configurations.map((configuration, index) =>
      [configuration.id, { ...lineStyle(index), name: configuration.name }]));
    if (chart) chart.destroy();
    chart = null;
    if (drawnSeries(metric, view).parts.length === 0) {
      place.replaceChildren(make("p", { class: "empty" }, NOTHING_SHOWN));
    } else chart = drawChart(place, metric, view, styles, zoom);
    frame.setAttribute("aria-label", `Curves of ${metric.label} over ${AXES[view.x]}`);
    reset.disabled = view.zoom === null;
    about.replaceChildren(...aboutCurves(metric, view));
    return { metric, styles };
  }

  function renew() {
    const { metric, styles } = draw();
    const present = new Set(metric.lines.map((lines) => lines.configuration));
    legend.replaceChildren(...legendButtons(styles, present, view, draw));
  }

  const reset = make("button", { type: "button", onclick: () => zoom(null) }, "Reset zoom");
  const controls = curveControls(content, view, renew, reset);
  frame.addEventListener("keydown", (event) => {
    const range = chart && !event.ctrlKey && !event.metaKey ? zoomByKey(event.key, chart, view) : undefined;
    if (range === undefined) return;
    event.preventDefault();
    zoom(range);
  });
  new ResizeObserver(() => chart && chart.setSize(chartSize(place))).observe(frame);
  darkScheme.addEventListener("change", renew);
  // Drawing needs the width of the place, which it has once it is in the page.
  requestAnimationFrame(renew);
  return [controls, frame, legend, about, keys];
}
