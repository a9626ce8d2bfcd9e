// The data of the page and what is computed from it: amounts until a time, the way of money through an account.
// Amounts are BigInt minor units, exact at any size; they become numbers only to draw widths.

const DATA = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

const state = {
  lang: DATA.language,
  rule: DATA.rules[0],
  cur: DATA.currencies[0] || "",
  claim: "", // a claim's id; '' is all
  node: "", // key of the selected node; '' is none
  time: null, // microseconds; null is the whole time
  least: 0n, // edges below are hidden
};

// --- words and numbers ---------------------------------------------------------------------------------------------

function say(key, values = {}) {
  const pair = DATA.words[key];
  if (!pair) return key.replace(/^(kind|rule)_/, "");
  return pair[state.lang === "zh" ? 0 : 1].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function numeral(n) {
  if (state.lang !== "zh" || n > 19 || n < 1) return String(n);
  const signs = "零一二三四五六七八九十";
  return n <= 10 ? signs[n] : `十${signs[n - 10]}`;
}

const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

// Minor units as text with the currency's sign and thousands separators.
function money(minor, currency = state.cur) {
  const digits = DATA.digits[currency] ?? 2;
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, "0");
  const whole = count(text.slice(0, text.length - digits));
  const sign = DATA.signs[currency] ?? `${currency} `;
  return `${minor < 0n ? "−" : ""}${sign}${whole}${digits ? `.${text.slice(-digits)}` : ""}`;
}

// The same in few characters, rounded down, where the exact amount has no room.
function brief(minor, currency = state.cur) {
  const whole = minor / 10n ** BigInt(DATA.digits[currency] ?? 2);
  const steps = state.lang === "zh" ? [[10n ** 8n, "亿"], [10n ** 4n, "万"]] : [[10n ** 9n, "bn"], [10n ** 6n, "M"], [1000n, "k"]];
  for (const [size, name] of steps) {
    if (whole >= size) return `${count(whole / size)}.${((whole * 10n) / size) % 10n}${name}`;
  }
  return count(whole);
}

const grouped = (account) => (/^\d{12,}$/.test(account) ? account.replace(/(\d{4})(?=\d)/g, "$1 ") : account);

const clocks = {};
function when(micros, withDate = true) {
  if (micros === null || micros === undefined) return "";
  const key = withDate ? "long" : "short";
  clocks[key] ??= new Intl.DateTimeFormat("en-CA", {
    timeZone: DATA.zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit",
    ...(withDate ? { year: "numeric", month: "2-digit", day: "2-digit" } : {}),
  });
  const part = Object.fromEntries(clocks[key].formatToParts(new Date(Math.floor(micros / 1000))).map((p) => [p.type, p.value]));
  const hours = `${part.hour}:${part.minute}:${part.second}`;
  return withDate ? `${part.year}-${part.month}-${part.day} ${hours}` : hours;
}

// --- pictures --------------------------------------------------------------------------------------------------------

const CLAIM_INDEX = new Map(DATA.claims.map((row, i) => [row[0], i]));
const TRANSFERS = DATA.transfers.map(([id, time, payer, payee, amount, kind, cite, payerName, payeeName], i) => ({
  i, id, time, payer, payee, amount: BigInt(amount), kind, cite, payerName, payeeName,
}));

const ready = new Map();

// The picture of the chosen rule and currency with its rows made into objects; made once each.
function picture() {
  const name = `${state.rule}|${state.cur}`;
  if (!ready.has(name)) ready.set(name, readPicture(DATA.pictures[state.rule]?.[state.cur]));
  return ready.get(name);
}

function readPicture(raw) {
  if (!raw) return { nodes: [], edges: [], items: [], sums: [], stays: [], columns: [], size: [1000, 600], shown: [0, 0, 0, 0, 1000], itemsShown: [0, 0], byKey: new Map(), span: [0, 0] };
  const outside = raw.columns.find(([, , sort]) => sort === "exits")?.[0];
  const nodes = raw.nodes.map((row, i) => {
    const [key, sort, status, account, name, institution, column, depth, x, y, height, size, arrived, left, located, held, unknown] = row;
    const money = { arrived: BigInt(arrived), left: BigInt(left), located: BigInt(located), held: BigInt(held), unknown: BigInt(unknown) };
    // Terminal accounts too many to draw one by one stand together in the last column: their money has left as well.
    const isOut = sort === "exit" || sort === "terminal" || (sort === "others" && column === outside);
    return { i, key, sort, status, account, name, institution, column, depth, x, y, height, size, isOut, whole: money, edgesIn: [], edgesOut: [] };
  });
  const edges = raw.edges.map(([source, target, route, x0, y0, x1, y1, width, lane, offset, amount, mark, number], i) => {
    const edge = { i, source, target, route, x0, y0, x1, y1, width, lane, offset, amount: amount === null ? null : BigInt(amount), mark, number, items: [] };
    nodes[source].edgesOut.push(i);
    nodes[target].edgesIn.push(i);
    return edge;
  });
  // In total order; sums of left-out movements carry their latest time and sort there.
  const items = raw.items.map(([edge, transfer, claim, amount, mark, time, number]) => ({
    edge, claim, amount: BigInt(amount), mark, number: number ?? 1,
    transfer: transfer < 0 ? null : TRANSFERS[transfer],
    time: transfer < 0 ? time : TRANSFERS[transfer].time,
  }));
  items.forEach((item, i) => { item.place = i; });
  items.sort((a, b) => a.time - b.time || a.place - b.place);
  for (const item of items) edges[item.edge].items.push(item);
  const times = items.map((item) => item.time).filter((time) => time !== null);
  return {
    nodes, edges, items, columns: raw.columns, size: raw.size, screening: raw.screening, shown: raw.shown, itemsShown: raw.items_shown,
    stays: raw.stays.map(([node, claim, located, held, unknown]) => ({ node, claim, located: BigInt(located), held: BigInt(held), unknown: BigInt(unknown) })),
    sums: raw.sums.map(([claim, loss, located, held, exited, unknown, residual, recoverable, accounts, depth, claims]) => ({
      claim, accounts, depth, claims, loss: BigInt(loss), located: BigInt(located), held: BigInt(held), exited: BigInt(exited),
      unknown: BigInt(unknown), residual: BigInt(residual), recoverable: BigInt(recoverable),
    })),
    byKey: new Map(nodes.map((node) => [node.key, node])),
    span: times.length ? [times[0], times[times.length - 1]] : [0, 0],
  };
}

const isChosen = (claim) => state.claim === "" || DATA.claims[claim]?.[0] === state.claim;

// Amounts per edge and node for the chosen claim until the chosen time; at the end, what is there is what the trail says.
function figures() {
  const drawn = picture();
  const until = state.time ?? Infinity;
  const edges = new Array(drawn.edges.length).fill(0n);
  const touched = new Uint32Array(drawn.edges.length);
  for (const item of drawn.items) {
    if (item.time > until || !isChosen(item.claim)) continue;
    edges[item.edge] += item.amount;
    touched[item.edge] += item.number;
  }
  const nodes = drawn.nodes.map(() => ({ arrived: 0n, left: 0n, own: 0n, located: 0n, held: 0n, unknown: 0n, touched: 0 }));
  drawn.edges.forEach((edge, i) => {
    nodes[edge.source].left += edges[i];
    nodes[edge.target].arrived += edges[i];
    nodes[edge.source].touched += touched[i];
    nodes[edge.target].touched += touched[i];
  });
  if (state.time === null) {
    for (const stay of drawn.stays) {
      if (!isChosen(stay.claim)) continue;
      for (const part of ["located", "held", "unknown"]) nodes[stay.node][part] += stay[part];
    }
  } else {
    // A victim's disputed transfer takes nothing of what other victims' money came in there.
    for (const item of drawn.items) {
      if (!item.transfer || item.time > until || !isChosen(item.claim) || item.transfer.id !== DATA.claims[item.claim]?.[2]) continue;
      nodes[drawn.edges[item.edge].source].own += item.amount;
    }
    drawn.nodes.forEach((node, i) => {
      const rest = nodes[i].arrived - nodes[i].left + nodes[i].own;
      if (rest <= 0n || !["account", "victim", "unknown"].includes(node.sort)) return;
      nodes[i][node.sort === "unknown" ? "unknown" : "located"] = rest;
    });
  }
  return { edges, nodes, touched };
}

const isVisible = (shown, edge) => shown.touched[edge.i] > 0 && (edge.amount === null || shown.edges[edge.i] >= state.least);

// Edges and nodes on the way of the money that passes `start`: time is kept (money cannot leave before it came), and so is
// whose money it is. Nodes that stand for many accounts end the way: what went in is not what came out.
function wayThrough(start) {
  const drawn = picture();
  const until = state.time ?? Infinity;
  const edges = new Set();
  const nodes = new Set([start]);
  const walk = (items, from, to) => {
    const reached = new Set();
    for (const item of items) {
      if (item.time > until || !isChosen(item.claim)) continue;
      const edge = drawn.edges[item.edge];
      const here = edge[from];
      if (here !== start && !reached.has(`${here} ${item.claim}`)) continue;
      edges.add(item.edge);
      const next = edge[to];
      nodes.add(next);
      if (next !== start && drawn.nodes[next].sort !== "others") reached.add(`${next} ${item.claim}`);
    }
  };
  walk(drawn.items, "source", "target");
  walk([...drawn.items].reverse(), "target", "source");
  return { edges, nodes };
}

function labelOf(node) {
  if (node.sort === "others") return say(node.column === 0 ? "others_victims" : "others", { n: count(node.size) });
  if (node.sort === "exit" || node.sort === "source") return say(`kind_${node.name}`);
  // The pocket in which money of an asserted link is in transit.
  if (node.account.startsWith("link:")) return say("link", { n: node.account.slice(5) });
  return node.name || grouped(node.account);
}

function statusWord(node, amounts) {
  if (node.sort === "victim") return say("victim");
  if (node.isOut) return say("exited");
  if (node.sort === "source") return say("source");
  if (node.sort === "unknown") return say(amounts.unknown > 0n || picture().screening ? "unknown" : "passed");
  if (amounts.located > 0n && amounts.left > 0n) return say("mixed");
  if (amounts.located > 0n) return say(amounts.held === amounts.located ? "held" : "located");
  return say("passed");
}

// Sums of the summary for the chosen claim, or of all.
function sums() {
  const total = { loss: 0n, located: 0n, held: 0n, exited: 0n, unknown: 0n, residual: 0n, recoverable: 0n };
  for (const row of picture().sums) {
    if (!isChosen(row.claim)) continue;
    for (const part of Object.keys(total)) total[part] += row[part];
  }
  return total;
}

// --- the address -------------------------------------------------------------------------------------------------------

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const take = (name, allowed, fallback) => (allowed.includes(asked.get(name)) ? asked.get(name) : fallback);
  state.lang = take("lang", ["zh", "en"], DATA.language);
  state.rule = take("rule", DATA.rules, DATA.rules[0]);
  state.cur = take("cur", DATA.currencies, DATA.currencies[0] || "");
  state.claim = take("claim", DATA.claims.map((row) => row[0]), "");
  state.node = picture().byKey.has(asked.get("at")) ? asked.get("at") : "";
  state.time = /^\d{1,16}$/.test(asked.get("t") ?? "") ? Number(asked.get("t")) : null;
  state.least = /^\d{1,19}$/.test(asked.get("min") ?? "") ? BigInt(asked.get("min")) : 0n;
}

function writeAddress() {
  const asked = new URLSearchParams({ lang: state.lang, rule: state.rule });
  if (DATA.currencies.length > 1) asked.set("cur", state.cur);
  if (state.claim) asked.set("claim", state.claim);
  if (state.node) asked.set("at", state.node);
  if (state.time !== null) asked.set("t", state.time);
  if (state.least) asked.set("min", state.least);
  // Some browsers refuse to rewrite the address of a local file; the page works without.
  try { history.replaceState(null, "", `#${asked}`); } catch { /* the link is then not kept */ }
}
