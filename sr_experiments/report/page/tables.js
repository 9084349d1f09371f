const STATES = {
  finished: "✓ finished",
  running: "… running",
  diverged: "✗ diverged",
  dead: "✗ dead: the network puts out what it is given",
  failed: "✗ failed",
  killed: "✗ killed",
  timeout: "✗ out of time",
  interrupted: "✗ interrupted",
  waiting: "… waiting",
  unreadable: "? unreadable",
};

function configurationName(content, id) {
  return content.configurations.find((configuration) => configuration.id === id)?.name ?? id;
}

/** Convergence of each configuration. */
function statisticsSection(content) {
  if (content.statistics.length === 0) {
    return [make("p", { class: "empty" }, "There are no statistics: no run has finished yet.")];
  }
  const columns = [
    { label: "configuration" },
    { label: "runs" },
    { label: "final", numeric: true },
    { label: "best", numeric: true },
    { label: "area under curve", numeric: true },
    { label: "to target", numeric: true },
  ];
  const rows = content.statistics.map((line) => [
    cell(configurationName(content, line.configuration)),
    cell(line.runs),
    ...[line.final, line.best, line.area, line.to_target].map((text) =>
      cell(text || "–", firstNumber(text)),
    ),
  ]);
  const note = content.statistics_note;
  return [
    sortableTable("Statistics", columns, rows),
    note ? make("p", { class: "hint" }, note) : null,
  ];
}

/** Every run with its state in words. */
function runsSection(content) {
  if (content.runs.length === 0) return [make("p", { class: "empty" }, "There are no runs.")];
  const failed = content.runs.some((run) => run.error);
  const columns = [
    { label: "configuration" },
    { label: "seed", numeric: true },
    { label: "state" },
    ...(failed ? [{ label: "why" }] : []),
    { label: "time", numeric: true },
    { label: "folder" },
  ];
  const rows = content.runs.map((run) => [
    cell(configurationName(content, run.configuration)),
    cell(run.seed, firstNumber(run.seed)),
    cell(STATES[run.state] ?? run.state, run.state),
    ...(failed ? [cell(make("span", { class: "why" }, run.error || "–"), run.error || null)] : []),
    cell(duration(run.seconds || null), run.seconds),
    cell(make("code", {}, run.folder), run.folder),
  ]);
  return [sortableTable("Runs", columns, rows)];
}

/** What varied between the configurations. */
function variedTable(configurations) {
  const keys = [...new Set(configurations.flatMap((one) => Object.keys(one.values)))];
  const columns = [
    { label: "configuration" },
    ...keys.map((label) => ({ label })),
    { label: "runs" },
  ];
  const rows = configurations.map((one) => [
    cell(one.name),
    ...keys.map((key) => cell(one.values[key] ?? "–", one.values[key] ?? null)),
    cell(
      Object.entries(one.states)
        .map(([state, count]) => `${count} ${state}`)
        .join(", ") || "–",
    ),
  ]);
  return sortableTable("What varied", columns, rows);
}
