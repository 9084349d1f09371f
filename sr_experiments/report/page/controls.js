function checkbox(words, view, key, changed) {
  const tick = make("input", {
    type: "checkbox",
    onchange: (event) => {
      view[key] = event.target.checked;
      changed(key);
    },
  });
  return make("label", { class: "tick" }, tick, words);
}

function smoothingControl(view, changed) {
  const output = make("output", {}, "off");
  const slider = make("input", {
    type: "range",
    min: "0",
    max: "0.95",
    step: "0.05",
    value: "0",
    "aria-valuetext": "off",
    oninput: (event) => {
      view.smoothing = Number(event.target.value);
      output.textContent = view.smoothing ? view.smoothing.toFixed(2) : "off";
      event.target.setAttribute("aria-valuetext", output.textContent);
      changed("smoothing");
    },
  });
  return labelled("Smoothing", slider, output);
}

/** Offers the x axes that the metric has; the view keeps its axis if it can. */
function offerAxes(select, content, view) {
  const axes = axesOf(content.metrics[view.metric]);
  if (!axes.includes(view.x)) view.x = axes[0] ?? "epoch";
  select.replaceChildren(
    ...optionsOf(
      axes.map((axis) => [axis, AXES[axis]]),
      view.x,
    ),
  );
}

/** What can be changed about the curves; a change that moves the axes ends a zoom. */
function curveControls(content, view, renew, reset) {
  const keepsZoom = new Set(["smoothing", "runs"]);

  function changed(key) {
    if (!keepsZoom.has(key)) view.zoom = null;
    renew();
  }

  const axis = choice([], "", (value) => {
    view.x = value;
    changed("x");
  });
  const metrics = content.metrics.map((metric, index) => [String(index), metric.label]);
  const metric = choice(metrics, "0", (value) => {
    view.metric = Number(value);
    offerAxes(axis, content, view);
    changed("metric");
  });
  offerAxes(axis, content, view);
  return make(
    "div",
    { class: "controls", role: "group", "aria-label": "What the curves show" },
    labelled("Metric", metric),
    labelled("Over", axis),
    smoothingControl(view, changed),
    make(
      "div",
      { class: "ticks" },
      checkbox("Log x", view, "logX", changed),
      checkbox("Log y", view, "logY", changed),
      checkbox("Single runs", view, "runs", changed),
      reset,
    ),
  );
}

/** What the reader sees, in words. */
function aboutCurves(metric, view) {
  const banded = metric.lines.some((lines) => lines.low.some((low) => low !== null));
  const words = [];
  words.push(banded ? "Lines are means over seeds, bands their confidence intervals, as far as runs reach." : "");
  words.push(
    view.smoothing
      ? `Smoothed by an exponential moving average (${view.smoothing}), bands too.`
      : "",
  );
  const link = make("a", { href: "#statistics" }, "table of statistics");
  return [`${words.filter(Boolean).join(" ")} The figures are in the `, link, "."];
}
