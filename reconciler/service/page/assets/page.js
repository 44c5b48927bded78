"use strict";

// Everything here works without this script too: it only keeps the page in place, and what was typed, while it waits.

const LONGEST_WAIT_MS = 60000;
const SESSION_FIELD = "input[name=csrf_token]";
let asking = null;

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const announce = (words) => { one("#announcer").textContent = words ?? ""; };

function tell(name) {
  const result = one("#result");
  result?.replaceChildren(one(`#${name}`).content.cloneNode(true));
  return result;
}

function settle(found) {
  const target = one("[aria-invalid=true]") ?? one("#result") ?? one("main");
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: target.id === "result" ? "start" : "center" });
  announce(found.dataset.says);
}

function swapIn(next, address) {
  one("header").replaceWith(one("header", next));
  one("main").replaceWith(one("main", next));
  one("#waiting").replaceWith(one("#waiting", next));
  one("#failed").replaceWith(one("#failed", next));
  one("#signed-in").replaceWith(one("#signed-in", next));
  one(".skip").replaceWith(one(".skip", next));
  document.title = next.title;
  document.documentElement.lang = next.documentElement.lang;
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  wake();
  settle(one("main"));
}

function keepTyped(next, form) {
  // The session ended: signing in takes the place of the result, and what was typed stays.
  const entrance = one("#sign-in", next);
  if (entrance) {
    entrance.dataset.inPlace = "";
    one("#result").replaceChildren(entrance);
    one("input[type=password]").focus();
    announce(one("#token-told", entrance)?.textContent);
    return true;
  }
  if (form.dataset.inPlace === undefined) return false;
  const fresh = one(SESSION_FIELD, next)?.value ?? "";
  all(SESSION_FIELD).forEach((field) => { field.value = fresh; });
  one("header").replaceWith(one("header", next));
  const told = tell("signed-in");
  told.focus();
  announce(told.textContent);
  return true;
}

async function ask(form, submitter, chosenLanguage) {
  const data = new FormData(form);
  if (submitter?.name) data.append(submitter.name, submitter.value);
  if (chosenLanguage) data.set("lang", chosenLanguage);
  const fields = new URLSearchParams(data);
  const reading = form.method === "get";
  const address = new URL(form.getAttribute("action"), location.href);
  address.hash = "";
  if (reading) address.search = fields.toString();
  asking?.abort();
  const mine = asking = new AbortController();
  const timer = setTimeout(() => mine.abort("late"), LONGEST_WAIT_MS);
  const typing = form.id === "sign-in" ? null : tell("waiting");
  announce(typing?.textContent);
  try {
    const answer = await fetch(address, {
      method: reading ? "GET" : "POST",
      body: reading ? undefined : fields,
      headers: { Accept: "text/html" },
      credentials: "same-origin",
      signal: mine.signal,
    });
    const text = await answer.text();
    const next = new DOMParser().parseFromString(text, "text/html");
    if (!answer.headers.get("Content-Type")?.startsWith("text/html") || !one("main[data-page]", next)) {
      failed(problemCode(text));
    } else if (!one("#by-lines") || !keepTyped(next, form)) {
      swapIn(next, address.pathname + (reading ? address.search.replace(/[?&]stale=1/, "") : ""));
    }
  } catch (error) {
    if (asking === mine) failed("");
  } finally {
    clearTimeout(timer);
    if (asking === mine) asking = null;
  }
}

function problemCode(text) {
  try {
    const told = JSON.parse(text);
    return [told.code, told.request_id].filter((each) => typeof each === "string").join(" · ");
  } catch {
    return "";
  }
}

function failed(code) {
  const result = tell("failed");
  if (!result) return;
  if (code) {
    const place = one("[data-code]", result);
    one("code", place).textContent = code;
    place.hidden = false;
  }
  result.focus();
  announce(one(".banner", result).textContent);
}

function renumber(lines) {
  all("fieldset", lines).forEach((line, place) => {
    const number = String(place + 1);
    one("legend", line).textContent = lines.dataset.line.replace("{line}", number);
    all(".field", line).forEach((field) => {
      const input = one("input", field);
      input.id = `line-${place}-${input.name}`;
      one("label", field).htmlFor = input.id;
      const mistake = one(".mistake", field);
      if (mistake) {
        mistake.id = `${input.id}-mistake`;
        input.setAttribute("aria-describedby", mistake.id);
      }
    });
    const button = one(".remove", line);
    const words = lines.dataset.remove.replace("{line}", number);
    button.value = `remove:${place}`;
    button.title = words;
    one(".unseen-words", button).textContent = words;
  });
}

function clear(line) {
  all("input", line).forEach((input) => {
    input.value = "";
    ["aria-invalid", "aria-describedby", "autofocus"].forEach((name) => input.removeAttribute(name));
  });
  all(".mistake", line).forEach((mistake) => mistake.remove());
}

function changeLines(button) {
  const lines = one("#lines");
  const rows = all("fieldset", lines);
  if (button.value === "add") {
    const added = rows.at(-1).cloneNode(true);
    clear(added);
    lines.append(added);
    renumber(lines);
    one("input", added).focus();
    announce(lines.dataset.added.replace("{line}", String(rows.length + 1)));
    return;
  }
  const place = rows.indexOf(button.closest("fieldset"));
  if (rows.length === 1) {
    clear(rows[0]);
    one("input", rows[0]).focus();
    announce(lines.dataset.one);
    return;
  }
  rows[place].remove();
  renumber(lines);
  one(".remove", all("fieldset", lines)[Math.min(place, rows.length - 2)]).focus();
  announce(lines.dataset.removed.replace("{line}", String(place + 1)));
}

async function copy(button) {
  const area = document.getElementById(button.dataset.copies);
  const place = button.closest(".copies");
  let copied = false;
  try {
    await navigator.clipboard.writeText(area.value);
    copied = true;
  } catch {
    one("details", place).open = true;
    area.select();
  }
  const words = copied ? place.dataset.copied : place.dataset.notCopied;
  one(".told", place).textContent = words;
  announce(words);
}

// An answer gets old while it is looked at.
let shownSinceMs = Date.now();
function watch() {
  const banner = one(".banner.good[data-fresh-s]");
  if (!banner || Date.now() - shownSinceMs < Number(banner.dataset.freshS) * 1000) return;
  banner.classList.replace("good", "warn");
  one(".glyph", banner).textContent = "⚠";
  one("h3 > span:last-child", banner).textContent = banner.dataset.aged;
  const lead = document.createElement("p");
  lead.textContent = banner.dataset.agedLead;
  one("h3", banner).after(lead);
  banner.removeAttribute("data-fresh-s");
  announce(`${banner.dataset.aged}. ${banner.dataset.agedLead}`);
}

function wake() {
  shownSinceMs = Date.now();
  all("[data-copies], [data-prints]").forEach((button) => { button.hidden = false; });
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (form.id === "sign-out" || (form.id === "sign-in" && form.dataset.inPlace === undefined)) return;
  event.preventDefault();
  if (submitter?.name === "do") changeLines(submitter);
  else ask(form, submitter);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copies], [data-prints], [data-language]");
  if (!button) return;
  if (button.dataset.copies) copy(button);
  else if (button.dataset.prints !== undefined) print();
  else {
    const form = one("#by-lines");
    const typed = form && all("input[type=text], input:not([type])", form).some((input) => input.value);
    if (!typed || location.search.includes("quote=")) return;
    event.preventDefault();
    ask(form, null, button.dataset.language);
  }
});

window.addEventListener("popstate", () => location.reload());
document.addEventListener("visibilitychange", watch);
setInterval(watch, 1000);
wake();
