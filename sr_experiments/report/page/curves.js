const NOTHING_SHOWN = "Nothing to draw: all variants are hidden, or none has values here.";
const KEEPS_ZOOM = ["smoothing", "runs"];

/** The x axes that some line of the metric can be drawn over, as [key, words]. */
function axesOf(metric) {
  const known = (axis) => metric.lines.some((lines) => lines[axis].some((x) => x !== null));
  return Object.entries(AXES).filter(([axis]) => known(axis));
}

/** A button for each variant that hides and shows it. */
function legendButtons(styles, metric, view, draw) {
  const present = metric.lines.map((lines) => lines.variant);
  return [...styles].filter(([id]) => present.includes(id)).map(([id, style]) => {
    const onclick = (event) => {
      const shown = view.hidden.delete(id);
      if (!shown) view.hidden.add(id);
      event.currentTarget.setAttribute("aria-pressed", String(shown));
      draw();
    };
    const attributes = { type: "button", "aria-pressed": String(!view.hidden.has(id)), onclick };
    return make("button", attributes, swatch(style), make("span", {}, style.name));
  });
}

/** What the reader sees, in words. */
function aboutCurves(metric, view) {
  const banded = metric.lines.some((lines) => lines.low.some((low) => low !== null));
  const means = "Lines are means over seeds, bands their confidence intervals, as far as runs reach.";
  const smoothed = `Smoothed by an exponential moving average (${view.smoothing}), bands too.`;
  return [banded ? means : "", view.smoothing ? smoothed : ""].join(" ").trim();
}

/** The curves and what can be changed about them: one view, and one function that draws it. */
function startCurves({ metrics, variants }) {
  if (metrics.length === 0) return;
  const find = (selector) => document.querySelector(`#curves ${selector}`);
  const [frame, plot, legend, reset] = [".frame", ".plot", ".legend", "#reset"].map(find);
  const view = { metric: 0, x: "epoch", smoothing: 0, hidden: new Set(), zoom: null };
  let chart = null;

  function draw() {
    const metric = metrics[view.metric];
    if (chart) chart.destroy();
    chart = null;
    if (drawnSeries(metric, view).parts.length === 0) {
      plot.replaceChildren(make("p", { class: "empty" }, NOTHING_SHOWN));
    } else chart = drawChart(plot, metric, view, stylesOf(variants), zoom);
    frame.setAttribute("aria-label", `Curves of ${metric.label} over ${AXES[view.x]}`);
    const better = make("span", {}, ` · ${metric.better} is better`);
    find(".axis").replaceChildren(metric.label, better);
    find("#curve-words").textContent = aboutCurves(metric, view);
    reset.disabled = view.zoom === null;
  }

  function zoom(range) {
    view.zoom = range;
    draw();
  }

  function renew() {
    legend.replaceChildren(...legendButtons(stylesOf(variants), metrics[view.metric], view, draw));
    draw();
  }

  /** Changes the view; what moves the axes ends a zoom. */
  function change(key, value) {
    view[key] = value;
    if (key === "metric") offerAxes();
    if (!KEEPS_ZOOM.includes(key)) view.zoom = null;
    renew();
  }

  /** Offers the x axes that the metric has; the view keeps its axis if it can. */
  function offerAxes() {
    const axes = axesOf(metrics[view.metric]);
    if (!axes.some(([axis]) => axis === view.x)) [[view.x] = ["epoch"]] = axes;
    fill(find("#axis"), axes, view.x);
  }

  find("#metric").addEventListener("change", (event) => change("metric", Number(event.target.value)));
  find("#axis").addEventListener("change", (event) => change("x", event.target.value));
  find("#smoothing").addEventListener("input", (event) => {
    const weight = Number(event.target.value);
    find("output").textContent = weight ? weight.toFixed(2) : "off";
    event.target.setAttribute("aria-valuetext", find("output").textContent);
    change("smoothing", weight);
  });
  for (const tick of document.querySelectorAll("#curves .tick input")) {
    tick.addEventListener("change", () => change(tick.name, tick.checked));
  }
  frame.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const range = chart && plain ? zoomByKey(event.key, chart, view) : undefined;
    if (range === undefined) return;
    event.preventDefault();
    zoom(range);
  });
  reset.addEventListener("click", () => zoom(null));
  new ResizeObserver(() => chart && chart.setSize(chartSize(plot))).observe(frame);
  darkScheme.addEventListener("change", renew);
  offerAxes();
  renew();
}
