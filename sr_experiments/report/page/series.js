/** An exponential moving average that is unbiased from its first value; gaps stay gaps. */
function smooth(values, weight) {
  if (weight === 0) return values;
  let sum = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  });
}

/** The places of the points that the x axis can show, in its order. */
function placesAlong(xs, log) {
  return xs
    .map((x, place) => place)
    .filter((place) => xs[place] !== null && (!log || xs[place] > 0))
    .sort((a, b) => xs[a] - xs[b]);
}

/** The tables of one variant: its band, its single runs, its mean, and their range. */
function tablesOf(lines, view) {
  const places = placesAlong(lines[view.x], view.logX);
  const pick = (values) => places.map((place) => values[place]);
  const xs = pick(lines[view.x]);
  const shown = (values) =>
    smooth(pick(values), view.smoothing).map((y) => (view.logY && y <= 0 ? null : y));
  const all = Object.values(lines.runs).map(shown);
  const mean = shown(lines.mean);
  const known = [mean, ...all].flat().filter((y) => y !== null && y !== undefined);
  return {
    range: known.length ? [Math.min(...known), Math.max(...known)] : null,
    variant: lines.variant,
    band: [xs, shown(lines.low), shown(lines.high)],
    runs: [xs, ...(view.runs ? all : [])],
    mean: [xs, mean],
  };
}

/**
 * What is drawn: {data, parts, range}, data as uPlot aligns it and parts naming each column after
 * x as {variant, role}. Bands come first and means last, so that means lie on top. The range
 * is that of all runs: of two seeds, a band may be many times as wide, and is clipped.
 */
function drawnSeries(metric, view) {
  const tables = metric.lines
    .filter((lines) => !view.hidden.has(lines.variant))
    .map((lines) => tablesOf(lines, view))
    .filter((table) => table.mean[1].some((value) => value !== null));
  const columns = [];
  const parts = [];
  for (const group of ["band", "runs", "mean"]) {
    for (const table of tables) {
      if (table[group].length === 1) continue;
      columns.push(table[group]);
      table[group].slice(1).forEach((values, place) => {
        const role = group === "band" ? ["low", "high"][place] : group;
        parts.push({ variant: table.variant, role });
      });
    }
  }
  const ranges = tables.map((table) => table.range).filter((range) => range !== null);
  const range = [
    Math.min(...ranges.map(([low]) => low)),
    Math.max(...ranges.map(([, high]) => high)),
  ];
  return { data: columns.length ? uPlot.join(columns) : [[]], parts, range };
}
