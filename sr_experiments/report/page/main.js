/** Builds the page; parts that a report does not have are left out. */
function buildPage(content) {
  fillHead(content);
  if (content.claims.length + content.pairs.length) {
    addSection("findings", "Findings", ...findingsSection(content));
  }
  addSection("curves", "Curves", ...curvesSection(content));
  if (content.results) addSection("results", "Results", ...resultsSection(content.results));
  addSection("statistics", "Statistics", ...statisticsSection(content));
  if (content.pictures.some((picture) => picture.tiles.length)) {
    addSection("pictures", "Pictures", ...picturesSection(content.pictures));
  }
  addSection("runs", "Runs", ...runsSection(content));
  const { configurations, common, environment } = content;
  if ([configurations, common, environment].some((part) => Object.keys(part).length)) {
    addSection("setup", "Set-up", ...setupSection(content));
  }
  if (content.commands.length) {
    addSection("repeat", "To repeat it", ...commandsSection(content.commands));
  }
}

buildPage(JSON.parse(document.getElementById("content").textContent));
