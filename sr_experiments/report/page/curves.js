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
    const attributes = {
      type: "button",
      "aria-pressed": String(!view.hidden.has(id)),
      onclick: toggle,
    };
    return present.has(id)
      ? make("button", attributes, swatch(style), make("span", {}, style.name))
      : null;
  });
  return buttons.filter((button) => button !== null);
}

/** The parts of the section that a redraw fills. */
function curvePlaces() {
  const hint = "Drag to zoom, double-click to reset. Keys: + and − zoom, arrows move, 0 resets.";
  const axis = make("p", { class: "axis" });
  const plot = make("div", { class: "plot" });
  const frame = { class: "frame", tabindex: "0", role: "group", "aria-describedby": "curve-keys" };
  const legend = { class: "legend", role: "group", "aria-label": "Configurations shown" };
  return {
    axis,
    plot,
    frame: make("div", frame, axis, plot),
    legend: make("div", legend),
    about: make("p", { class: "hint" }),
    keys: make("p", { class: "hint", id: "curve-keys" }, hint),
  };
}

/** The curves of a report as the view says; returns what draws them anew. */
function curveDrawing(content, view, places, reset) {
  let chart = null;

  function zoom(range) {
    view.zoom = range;
    draw();
  }

  function draw() {
    const metric = content.metrics[view.metric];
    const styles = stylesOf(content.configurations);
    if (chart) chart.destroy();
    chart = null;
    if (drawnSeries(metric, view).parts.length === 0) {
      places.plot.replaceChildren(make("p", { class: "empty" }, NOTHING_SHOWN));
    } else chart = drawChart(places.plot, metric, view, styles, zoom);
    places.frame.setAttribute("aria-label", `Curves of ${metric.label} over ${AXES[view.x]}`);
    places.axis.replaceChildren(metric.label, make("span", {}, ` · ${metric.better} is better`));
    places.about.replaceChildren(...aboutCurves(metric, view));
    reset.disabled = view.zoom === null;
  }

  function renew() {
    const present = new Set(content.metrics[view.metric].lines.map((lines) => lines.configuration));
    const styles = stylesOf(content.configurations);
    places.legend.replaceChildren(...legendButtons(styles, present, view, draw));
    draw();
  }

  places.frame.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const range = chart && plain ? zoomByKey(event.key, chart, view) : undefined;
    if (range === undefined) return;
    event.preventDefault();
    zoom(range);
  });
  const fit = () => chart && chart.setSize(chartSize(places.plot));
  new ResizeObserver(fit).observe(places.frame);
  darkScheme.addEventListener("change", renew);
  reset.addEventListener("click", () => zoom(null));
  return renew;
}

/** The section of curves; everything that is changed goes through one view and one redraw. */
function curvesSection(content) {
  if (content.metrics.length === 0) return [make("p", { class: "empty" }, NO_CURVES)];
  const view = {
    metric: 0,
    x: "epoch",
    logX: false,
    logY: false,
    runs: false,
    smoothing: 0,
    hidden: new Set(),
    zoom: null,
  };
  const reset = make("button", { type: "button" }, "Reset zoom");
  const places = curvePlaces();
  const renew = curveDrawing(content, view, places, reset);
  // Drawing needs the width of the plot, which it has once it is in the page.
  requestAnimationFrame(renew);
  const controls = curveControls(content, view, renew, reset);
  return [controls, places.frame, places.legend, places.about, places.keys];
}
