(function () {
  "use strict";
  const details = JSON.parse(document.getElementById("details").textContent);
  const { arabic, marks } = JSON.parse(document.getElementById("names").textContent);
  const panel = document.getElementById("panel"), inside = document.getElementById("inside");
  const name = (label) => arabic[label] || label;
  let open = null;

  function make(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;  // never HTML: the words are the article's
    return made;
  }

  function bars(probabilities, label) {
    const box = make("div", "bars");
    for (const [key, p] of Object.entries(probabilities)) {
      const row = make("div", "row");
      row.append(make("span", key === label ? "chosen" : "", (marks[key] || "") + " " + name(key)));
      const track = make("span", "track"), fill = make("i", key);
      fill.style.width = 100 * p + "%";
      track.append(fill);
      row.append(track, make("span", "n", p.toFixed(2)));
      box.append(row);
    }
    return box;
  }

  function show(sentence) {
    const d = details[sentence.id];
    if (!d) return;
    if (open) open.classList.remove("open");
    open = sentence;
    sentence.classList.add("open");
    inside.replaceChildren(make("h2", "", name(d.label)), bars(d.probabilities, d.label));
    const facts = make("dl");
    const add = (term, text) => { if (text) facts.append(make("dt", "", term), make("dd", "", text)); };
    add("صاحب الموقف", d.actor && d.actor + (d.actor_text !== d.actor ? " («" + d.actor_text + "»)" : ""));
    add("من ماذا", d.target);
    add("النبرة", d.sentiment && name(d.sentiment) + " " + d.sentiment_p.toFixed(2));
    inside.append(facts);
    if (d.ngrams.length) {
      const finer = d.explained === d.label ? "" : " (" + name(d.explained) + ")";
      inside.append(make("h3", "", "ما رجّح هذا الحكم، وما عارضه" + finer));
      const table = make("table", "ngrams");
      for (const [feature, weight] of d.ngrams) {
        const row = table.insertRow();
        const cell = make("td", "name");
        cell.append(make("bdi", "", feature));
        row.append(cell, make("td", "n " + (weight > 0 ? "plus" : "minus"), (weight > 0 ? "+" : "−") + Math.abs(weight).toFixed(2)));
      }
      inside.append(table);
    }
    panel.hidden = false;
  }

  function close() {
    panel.hidden = true;
    if (open) { open.classList.remove("open"); open.focus(); open = null; }
  }

  document.getElementById("close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !panel.hidden) close(); });
  for (const sentence of document.querySelectorAll(".s[role=button]")) {
    sentence.addEventListener("click", () => show(sentence));
    sentence.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(sentence); }
    });
  }
  for (const link of document.querySelectorAll("a.to")) {
    link.addEventListener("click", () => show(document.getElementById(link.hash.slice(1))));
  }

  const buttons = document.querySelectorAll("[data-filter]");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const wanted = button.dataset.filter;
      let shown = 0;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      for (const s of document.querySelectorAll(".s")) {
        const off = wanted !== "" && s.dataset.label !== wanted;
        s.classList.toggle("off", off);
        shown += off ? 0 : 1;
      }
      for (const row of document.querySelectorAll("tr[data-stances]")) {
        row.hidden = wanted !== "" && !row.dataset.stances.split(" ").includes(wanted);
      }
      document.getElementById("shown").textContent = wanted === "" ? "" : shown + " جمل";
    });
  }
})();
