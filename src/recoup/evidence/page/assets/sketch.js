// Draws the picture: columns, ribbons, bars, labels; zoom and pan. Positions come from the layout and never change.

const SVG = "http://www.w3.org/2000/svg";
const PAD = { left: 16, top: 34, right: 14, bottom: 16 };
const BAR = 12;
const view = { zoom: 1, x: 0, y: 0, width: 0, height: 0 };
let sketch = null; // what is drawn now: its elements by node and edge

function element(name, attributes = {}, parent = null, text = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

// From the layout's units to pixels: width and height are fitted on their own, so that the picture fills its place.
function projection(drawn) {
  const [width, height] = drawn.size;
  const fx = ((view.width - PAD.left - PAD.right) / width) * view.zoom;
  const fy = ((view.height - PAD.top - PAD.bottom) / height) * view.zoom;
  return { x: (v) => PAD.left + v * fx, y: (v) => PAD.top + v * fy, fx, fy };
}

function ribbonPath(edge, p) {
  const x0 = p.x(edge.x0 - BAR) + BAR;
  const y0 = p.y(edge.y0);
  const x1 = p.x(edge.x1);
  const y1 = p.y(edge.y1);
  if (edge.route === 0) {
    const middle = (x0 + x1) / 2;
    return `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`;
  }
  if (edge.route === 1) return `M${x0} ${y0}C${x0 + 52} ${y0} ${x1 - 52} ${y1} ${x1} ${y1}`;
  const lane = p.y(edge.lane);
  const right = x0 + edge.offset + 6;
  const left = x1 - edge.offset - 6;
  const turn = lane > y0 ? 6 : -6;
  const back = lane > y1 ? 6 : -6;
  return `M${x0} ${y0}H${right - 6}Q${right} ${y0} ${right} ${y0 + turn}V${lane - turn}Q${right} ${lane} ${right - 6} ${lane}`
    + `H${left + 6}Q${left} ${lane} ${left} ${lane - back}V${y1 + back}Q${left} ${y1} ${left + 6} ${y1}H${x1}`;
}

function patterns(svg) {
  const defs = element("defs", {}, svg);
  const lines = { located: "M-2 2 2 -2 M0 8 8 0 M6 10 10 6", held: "M-2 6 2 10 M0 0 8 8 M6 -2 10 2", unknown: "M0 0 8 8 M8 0 0 8" };
  for (const [name, d] of Object.entries(lines)) {
    const pattern = element("pattern", { id: `p-${name}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, defs);
    element("rect", { width: 8, height: 8, class: `solid s-${name}` }, pattern);
    element("path", { d, class: `line-${name}` }, pattern);
  }
  const marker = element("marker", { id: "p-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto" }, defs);
  element("path", { d: "M0 0 8 4 0 8z", class: "arrow" }, marker);
}

// Build everything anew: after another picture, another size or another zoom.
function buildSketch() {
  const drawn = picture();
  const stage = byId("stage");
  // On a narrow screen the picture keeps a readable width, and its place scrolls.
  view.width = Math.max(stage.clientWidth, Math.min(105 * drawn.columns.length, 900));
  view.height = Math.max(stage.clientHeight, 320);
  const p = projection(drawn);
  const focused = stage.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  stage.replaceChildren();
  const svg = element("svg", { width: view.width, height: view.height, viewBox: `0 0 ${view.width} ${view.height}`, role: "group", "aria-label": `${say("picture")}. ${say("picture_help")}` }, stage);
  patterns(svg);
  const clip = element("clipPath", { id: "p-clip" }, svg.querySelector("defs"));
  element("rect", { x: 0, y: 26, width: view.width, height: view.height - 26 }, clip);
  const titles = element("g", { class: "titles" }, svg);
  const clipped = element("g", { "clip-path": "url(#p-clip)" }, svg);
  const board = element("g", {}, clipped);
  board.classList.toggle("crowded", drawn.edges.filter((edge) => edge.route === 2).length > 60);
  const lines = element("g", { class: "guides" }, board);
  for (const [column, x, sort] of drawn.columns) {
    const name = say(sort, { n: numeral(column) });
    element("text", { x: p.x(x), y: 16 }, titles, name);
    element("path", { d: `M${p.x(x) + BAR / 2} ${PAD.top - 6}V${p.y(drawn.size[1])}` }, lines);
  }
  const ribbons = element("g", { class: "ribbons" }, board);
  const bars = element("g", { class: "bars" }, board);
  const labels = element("g", { class: "labels", "aria-hidden": "true" }, board);
  const paths = new Array(drawn.edges.length);
  for (const edge of [...drawn.edges].sort((a, b) => b.width - a.width)) {
    const status = drawn.nodes[edge.target].status;
    const path = element("path", { d: ribbonPath(edge, p), class: `${edge.route === 2 ? "back" : `s-${status}`}${edge.mark ? " unproved" : ""}` }, ribbons);
    path.dataset.edge = edge.i;
    paths[edge.i] = path;
  }
  const groups = drawn.nodes.map((node) => {
    const height = Math.max(node.height * p.fy, 1.5);
    const group = element("g", { class: `node s-${node.status} sort-${node.sort}`, role: "button", tabindex: -1 }, bars);
    group.dataset.key = node.key;
    const x = p.x(node.x);
    const y = p.y(node.y);
    // A target of at least 10 pixels, for hands and touch.
    element("rect", { x: x - 3, width: BAR + 6, y: y - Math.max(5 - height / 2, 0), height: Math.max(height, 10), class: "touch" }, group);
    element("rect", { x, y, width: BAR, height, rx: 1.5, class: "empty" }, group);
    const parts = {};
    for (const name of ["passed", "located", "held"]) parts[name] = element("rect", { x, y, width: BAR, height: 0, class: `part part-${name}` }, group);
    return { group, parts, x, y, height, middle: y + height / 2 };
  });
  const stride = drawn.columns.length > 1 ? p.x(drawn.columns[1][1]) - p.x(drawn.columns[0][1]) : view.width;
  sketch = { drawn, svg, board, titles, paths, groups, labels, stride, p };
  pan(0, 0);
  updateSketch();
  const keep = drawn.byKey.get(focused) ?? drawn.byKey.get(state.node) ?? drawn.nodes[0];
  if (keep) groups[keep.i].group.setAttribute("tabindex", 0);
  if (focused && keep) groups[keep.i].group.focus({ preventScroll: true });
}

// Fill what is built with the amounts of the time, claim, threshold and selection. Nothing moves.
function updateSketch() {
  const { drawn, paths, groups, p } = sketch;
  const shown = figures();
  const chosen = drawn.byKey.get(state.node);
  const way = chosen ? wayThrough(chosen.i) : null;
  let hidden = 0;
  drawn.edges.forEach((edge, i) => {
    const path = paths[i];
    const visible = isVisible(shown, edge);
    if (!visible && shown.touched[i] > 0) hidden += 1;
    path.classList.toggle("off", !visible);
    path.classList.toggle("lit", Boolean(way?.edges.has(i)));
    path.classList.toggle("dim", Boolean(way && !way.edges.has(i)));
    const share = edge.amount ? Number(shown.edges[i]) / Number(edge.amount) : 1;
    const width = edge.width * p.fy * share;
    path.setAttribute("stroke-width", edge.route === 2 ? Math.min(Math.max(width, 0.8), 3) : Math.max(width, 0.8));
  });
  drawn.nodes.forEach((node, i) => {
    const { group, parts, y, height } = groups[i];
    const now = shown.nodes[i];
    const most = [node.whole.arrived, node.whole.left, node.whole.located + node.whole.unknown].reduce((a, b) => (a > b ? a : b));
    const high = (part) => (most > 0n ? (height * Number(part)) / Number(most) : 0);
    const reached = drawn.screening ? (now.touched ? height : 0) : high(now.arrived > now.left ? now.arrived : now.left);
    const located = isPlace(node) ? high(now.located - now.held) : 0;
    const held = isPlace(node) ? high(now.held) : 0;
    // Grow from the foot: what came so far, and in it what is still there.
    const put = (rect, foot, size) => { rect.setAttribute("y", foot - size); rect.setAttribute("height", Math.max(size, 0)); };
    put(parts.passed, y + height, now.touched ? Math.max(Math.min(reached, height), 1) : 0);
    put(parts.held, y + height, now.held > 0n ? Math.max(held, 1) : 0);
    put(parts.located, y + height - held, now.located > now.held ? Math.max(located, 1) : 0);
    group.classList.toggle("off", now.touched === 0);
    group.classList.toggle("chosen", node === chosen);
    group.classList.toggle("dim", Boolean(way && !way.nodes.has(i)));
    group.setAttribute("aria-pressed", node === chosen);
    group.setAttribute("aria-label", `${labelOf(node)} ${node.account ? grouped(node.account) : ""}, ${nodeAmount(node, now)}, ${statusWord(node, now)}`);
  });
  drawLabels(shown, way);
  byId("shown").textContent = shownText(drawn) + (hidden ? ` · ${say("hidden_edges", { n: count(hidden) })}` : "");
  return shown;
}

// Where money can lie; a victim's own account too, when money of another victim came there.
const isPlace = (node) => node.sort === "account" || node.sort === "victim";

function nodeAmount(node, now) {
  if (picture().screening) return say("reach");
  return money(now.arrived > now.left ? now.arrived : now.left);
}

function shownText(drawn) {
  const [accounts, total, edges, edgesTotal, permille] = drawn.shown;
  let text = accounts === total
    ? say("shown_all", { total: count(total), edges: count(edgesTotal) })
    : say("shown_part", { n: count(accounts), total: count(total), share: `${Math.floor(permille / 10)}.${permille % 10}` });
  if (edges < edgesTotal) text += say("shown_edges", { n: count(edges), total: count(edgesTotal) });
  if (drawn.itemsShown[0] < drawn.itemsShown[1]) text += say("shown_items", { n: count(drawn.itemsShown[0]), total: count(drawn.itemsShown[1]) });
  if (DATA.claims.length < DATA.claims_total) text += say("shown_claims", { n: count(DATA.claims.length), total: count(DATA.claims_total) });
  return text;
}

// Width of text in pixels, in the reader's own font: digits of one are a quarter wider than of another.
const ruler = document.createElement("canvas").getContext("2d");
function widthOf(text, size, weight = 400) {
  ruler.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}

function fit(text, room, size, weight = 400) {
  if (widthOf(text, size, weight) <= room) return text;
  // Numbers of one bank begin alike: an account's number keeps its end.
  if (/^[\d ]{12,}$/.test(text)) return fit(`…${text.replaceAll(" ", "").slice(-4)}`, room, size, weight);
  let kept = [...text];
  while (kept.length && widthOf(`${kept.join("")}…`, size, weight) > room) kept.pop();
  return `${kept.join("").replace(/[ ·]+$/, "")}…`;
}

// Labels where they fit: the money lit by a selection chooses first, then the heaviest; none touches another.
function drawLabels(shown, way) {
  const { drawn, groups, labels, stride } = sketch;
  labels.replaceChildren();
  const taken = new Map();
  const lastX = drawn.columns.length ? drawn.columns[drawn.columns.length - 1][1] : 0;
  const rank = (node) => (node.key === state.node ? 2 : way?.nodes.has(node.i) ? 1 : 0);
  const order = [...drawn.nodes].sort((a, b) => rank(b) - rank(a) || b.height - a.height || a.i - b.i);
  for (const node of order) {
    const now = shown.nodes[node.i];
    if (!now.touched) continue;
    const { middle, x } = groups[node.i];
    const spans = taken.get(node.column) ?? taken.set(node.column, []).get(node.column);
    const isFree = (half) => spans.every(([low, high]) => middle + half <= low || high <= middle - half);
    const lines = isFree(15) ? 2 : isFree(7.5) ? 1 : 0;
    if (!lines) continue;
    spans.push([middle - 7.5 * lines, middle + 7.5 * lines]);
    const room = (node.x === lastX ? view.width * Math.max(view.zoom, 1) - x : stride) - BAR - 10;
    const text = element("text", { x: x + BAR + 5, class: way && !way.nodes.has(node.i) ? "dim" : "" }, labels);
    const two = lines === 2 && !drawn.screening;
    element("tspan", { x: x + BAR + 5, y: middle + (two ? -2.5 : 4), class: "name" }, text, fit(labelOf(node), room, 12, 600));
    if (!two) continue;
    const whole = nodeAmount(node, now);
    const amount = widthOf(whole, 11) <= room ? whole : brief(now.arrived > now.left ? now.arrived : now.left);
    // An institution that would lose all but a letter is left away: three dots behind an amount look like a cut amount.
    const tail = node.institution && widthOf(`${amount} · 银行…`, 11) <= room ? fit(`${amount} · ${node.institution}`, room, 11) : amount;
    element("tspan", { x: x + BAR + 5, y: middle + 11, class: "sum" }, text, tail);
  }
}

// --- zoom and pan --------------------------------------------------------------------------------------------------------

function pan(dx, dy) {
  const least = (size) => Math.min(0, size * (1 - view.zoom));
  view.x = Math.min(0, Math.max(view.x + dx, least(view.width)));
  view.y = Math.min(0, Math.max(view.y + dy, least(view.height)));
  sketch.board.setAttribute("transform", `translate(${view.x} ${view.y})`);
  sketch.titles.setAttribute("transform", `translate(${view.x} 0)`);
}

function zoomTo(zoom, atX = view.width / 2, atY = view.height / 2) {
  const next = Math.min(Math.max(zoom, 1), 12);
  const factor = next / view.zoom;
  view.x = atX - (atX - view.x) * factor;
  view.y = atY - (atY - view.y) * factor;
  view.zoom = next;
  buildSketch();
}

// Bring a node into sight when it lies outside of the zoomed part.
function reveal(node) {
  const { x, middle } = sketch.groups[node.i];
  const inX = x + view.x > 0 && x + view.x < view.width - 40;
  const inY = middle + view.y > PAD.top && middle + view.y < view.height - 10;
  if (!inX || !inY) pan(view.width / 2 - x - view.x, view.height / 2 - middle - view.y);
  const stage = byId("stage");
  const at = x + view.x - stage.scrollLeft;
  if (at < 0 || at > stage.clientWidth - 60) stage.scrollLeft = x + view.x - stage.clientWidth / 2;
}
