// Puts the page together: fills the controls, listens, redraws what changed.

function fillSelect(select, entries, value) {
  select.replaceChildren(...entries.map(([key, text]) => { const option = made("option", text); option.value = key; return option; }));
  select.value = value;
}

// How many claims have money in the picture's currency; a rule with reach only has no sums, and knows of all claims.
function claimsHere() {
  return picture().screening ? DATA.claims_total : picture().sums.reduce((total, row) => total + row.claims, 0);
}

// The words of the page in the chosen language, and the choices.
function fillControls() {
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  document.title = `${say("title")} · ${say(`rule_${state.rule}`)}`;
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", say(node.dataset.label));
  fillSelect(byId("rule"), DATA.rules.map((rule) => [rule, say(`rule_${rule}`)]), state.rule);
  const here = DATA.claims.filter((row) => picture().sums.some((sum) => DATA.claims[sum.claim]?.[0] === row[0]));
  fillSelect(byId("claim"), [["", say("claims_all", { n: count(claimsHere()) })], ...here.map(([id, victim]) => [id, victim ? `${id} · ${victim}` : id])], state.claim);
  byId("claim").disabled = picture().screening === true;
  fillSelect(byId("currency"), DATA.currencies.map((name) => [name, name]), state.cur);
  byId("currency-field").hidden = DATA.currencies.length < 2;
  byId("search").placeholder = say("search");
  byId("search").setAttribute("aria-label", say("search"));
  byId("language").textContent = say("language");
  byId("language").setAttribute("aria-label", say("language_label"));
  byId("language").lang = state.lang === "zh" ? "en" : "zh-CN";
}

// Amounts 1, 2, 5, 10, ... of the currency up to the largest flow, as steps of the threshold.
function leastSteps() {
  const unit = 10n ** BigInt(DATA.digits[state.cur] ?? 2);
  const most = picture().edges.reduce((a, edge) => (edge.amount > a ? edge.amount : a), 0n);
  const steps = [0n];
  for (let power = unit; power <= most; power *= 10n) for (const times of [1n, 2n, 5n]) if (power * times <= most) steps.push(power * times);
  return steps;
}

function updateLeast() {
  const steps = leastSteps();
  const slider = byId("least");
  slider.max = steps.length - 1;
  slider.value = Math.max(steps.findLastIndex((step) => step <= state.least), 0);
  slider.disabled = picture().screening === true;
  const text = state.least ? `${say("threshold")} ${money(state.least)}` : say("threshold_none");
  slider.setAttribute("aria-valuetext", text);
  byId("least-text").textContent = state.least ? money(state.least) : say("threshold_none");
}

// Redraw; `isNew` when the rule, the currency, the claim or the language changed and everything must be made again.
function refresh(isNew = false) {
  if (isNew) {
    if (!picture().byKey.has(state.node)) state.node = "";
    if (picture().screening) state.claim = "";
    fillControls();
    buildAxis();
    drawBars();
    drawLegend();
    drawSummary();
    drawTables();
    buildSketch();
  }
  const shown = updateSketch();
  updateClock(shown);
  updateLeast();
  drawSide(shown);
  writeAddress();
}

function choose(key, isFromList = false) {
  state.node = key === state.node && !isFromList ? "" : key;
  const node = picture().byKey.get(state.node);
  if (node) {
    sketch.groups.forEach(({ group }) => group.setAttribute("tabindex", -1));
    sketch.groups[node.i].group.setAttribute("tabindex", 0);
    reveal(node);
  }
  refresh();
}

// --- search ------------------------------------------------------------------------------------------------------------

function find(text) {
  const words = text.trim().toLowerCase();
  if (!words) return null;
  const bare = words.replace(/\s+/g, "");
  const drawn = picture();
  const nodes = drawn.nodes.filter((node) =>
    node.account.toLowerCase().includes(bare) || labelOf(node).toLowerCase().includes(words) || node.institution.toLowerCase().includes(words));
  const transfers = [];
  const seen = new Set();
  for (const item of drawn.items) {
    const transfer = item.transfer;
    if (!transfer || seen.has(transfer.i) || !transfer.id.toLowerCase().includes(bare)) continue;
    seen.add(transfer.i);
    transfers.push([transfer, drawn.nodes[drawn.edges[item.edge].target]]);
  }
  return { nodes, transfers };
}

function drawFound() {
  const found = find(byId("search").value);
  byId("found").hidden = !found;
  byId("search").setAttribute("aria-expanded", Boolean(found));
  if (!found) return;
  const total = found.nodes.length + found.transfers.length;
  const rows = [
    ...found.nodes.map((node) => [node, labelOf(node), [grouped(node.account), node.institution].filter(Boolean).join(" · ")]),
    ...found.transfers.map(([transfer, node]) => [node, transfer.id, `${when(transfer.time)} · ${money(transfer.amount)} → ${labelOf(node)}`]),
  ].slice(0, 20);
  const told = rows.length < total ? "search_part" : "search_count";
  byId("found-count").textContent = total ? say(told, { n: count(total), shown: rows.length }) : say("search_none");
  byId("found-list").replaceChildren(...rows.map(([node, name, note]) => {
    const item = made("li");
    const button = made("button");
    button.type = "button";
    button.append(made("b", name), made("small", note));
    button.addEventListener("click", () => { closeFound(); choose(node.key, true); sketch.groups[node.i].group.focus({ preventScroll: true }); });
    item.append(button);
    return item;
  }));
}

function closeFound() {
  byId("search").value = "";
  drawFound();
}

// --- keys, mouse, touch --------------------------------------------------------------------------------------------------

// Arrow keys go to the next bar of the column, or to the nearest one of the column beside.
function neighbour(node, key) {
  const { drawn, groups } = sketch;
  const alive = drawn.nodes.filter((other) => other !== node && !groups[other.i].group.classList.contains("off"));
  const nearest = (list) => list.sort((a, b) => Math.abs(a.y - node.y) - Math.abs(b.y - node.y))[0];
  if (key === "ArrowUp") return nearest(alive.filter((other) => other.x === node.x && other.y < node.y));
  if (key === "ArrowDown") return nearest(alive.filter((other) => other.x === node.x && other.y > node.y));
  const side = alive.filter((other) => (key === "ArrowRight" ? other.x > node.x : other.x < node.x));
  const step = side.map((other) => Math.abs(other.x - node.x)).sort((a, b) => a - b)[0];
  return nearest(side.filter((other) => Math.abs(other.x - node.x) === step));
}

function onStageKey(event) {
  const node = picture().byKey.get(event.target.dataset?.key);
  if (!node) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(node.key);
  } else if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    const next = neighbour(node, event.key);
    if (!next) return;
    event.target.setAttribute("tabindex", -1);
    sketch.groups[next.i].group.setAttribute("tabindex", 0);
    sketch.groups[next.i].group.focus({ preventScroll: true });
    reveal(next);
  }
}

function showTip(event) {
  const tip = byId("tip");
  const key = event.target.closest?.(".node")?.dataset.key;
  const number = event.target.dataset?.edge;
  const drawn = picture();
  let lines = null;
  const shown = figures();
  if (key) {
    const node = drawn.byKey.get(key);
    lines = [labelOf(node), [grouped(node.account), node.institution].filter(Boolean).join(" · "), `${nodeAmount(node, shown.nodes[node.i])} · ${statusWord(node, shown.nodes[node.i])}`];
  } else if (number !== undefined) {
    const edge = drawn.edges[number];
    const times = edge.items.map((item) => item.time);
    const span = times.length ? [when(times[0]), when(times[times.length - 1])] : [];
    lines = [
      `${labelOf(drawn.nodes[edge.source])} → ${labelOf(drawn.nodes[edge.target])}`,
      `${drawn.screening ? "" : `${money(shown.edges[edge.i])} · `}${say("transfers_count", { n: count(edge.number) })}${edge.mark & 1 ? ` · ${say("inferred")}` : ""}${edge.mark & 2 ? ` · ${say("asserted")}` : ""}`,
      span[0] === span[1] ? span[0] : span.join(" – "),
    ];
  }
  tip.hidden = !lines;
  if (!lines) return;
  tip.replaceChildren(made("b", lines[0]), ...lines.slice(1).filter(Boolean).map((line) => made("span", line)));
  tip.style.left = `${Math.max(Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8), 4)}px`;
  tip.style.top = `${event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18}px`;
}

function listenStage() {
  const stage = byId("stage");
  let drag = null;
  stage.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, moved: false, key: event.target.closest?.(".node")?.dataset.key }; });
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    const dx = event.clientX - drag.x;
    const dy = event.clientY - drag.y;
    if (!drag.moved && Math.hypot(dx, dy) < 5) return;
    drag = { ...drag, x: event.clientX, y: event.clientY, moved: true };
    if (view.zoom === 1) stage.scrollLeft -= dx; else pan(dx, dy);
  });
  addEventListener("pointerup", () => { setTimeout(() => { drag = null; }); });
  stage.addEventListener("click", (event) => {
    if (drag?.moved) return;
    const key = event.target.closest?.(".node")?.dataset.key;
    if (key) choose(key); else if (state.node && event.target.dataset?.edge === undefined) choose("");
  });
  stage.addEventListener("keydown", onStageKey);
  stage.addEventListener("pointerover", showTip);
  stage.addEventListener("pointerleave", () => { byId("tip").hidden = true; });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    zoomTo(view.zoom * (event.deltaY < 0 ? 1.25 : 0.8), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
}

function listen() {
  byId("rule").addEventListener("change", (event) => { state.rule = event.target.value; refresh(true); });
  byId("claim").addEventListener("change", (event) => { state.claim = event.target.value; refresh(true); });
  byId("currency").addEventListener("change", (event) => { state.cur = event.target.value; state.time = null; state.claim = ""; state.least = 0n; refresh(true); });
  byId("language").addEventListener("click", () => { state.lang = state.lang === "zh" ? "en" : "zh"; refresh(true); });
  byId("search").addEventListener("input", drawFound);
  byId("search").addEventListener("keydown", (event) => { if (event.key === "Enter") byId("found-list").querySelector("button")?.click(); });
  byId("time").addEventListener("input", (event) => { stop(); state.time = timeAt(Number(event.target.value)); refresh(); });
  byId("play").addEventListener("click", play);
  byId("least").addEventListener("input", (event) => { state.least = leastSteps()[event.target.value] ?? 0n; refresh(); });
  byId("zoom-in").addEventListener("click", () => zoomTo(view.zoom * 1.5));
  byId("zoom-out").addEventListener("click", () => zoomTo(view.zoom / 1.5));
  byId("zoom-fit").addEventListener("click", () => zoomTo(1));
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) byId("found").hidden = true; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    byId("tip").hidden = true;
    if (!byId("found").hidden) closeFound(); else if (state.node) choose("");
  });
  addEventListener("hashchange", () => { readAddress(); refresh(true); });
  addEventListener("beforeprint", () => zoomTo(1));
  let width = 0;
  new ResizeObserver(() => {
    const stage = byId("stage");
    const size = stage.clientWidth * 10000 + stage.clientHeight;
    if (size !== width) { width = size; buildSketch(); }
  }).observe(byId("stage"));
  listenStage();
}

readAddress();
refresh(true);
listen();
