for (const filter of document.querySelectorAll(".filter")) {
  const input = filter.querySelector("input");
  const status = filter.querySelector("[role=status]");
  const rows = [...filter.parentElement.querySelectorAll("table.findings > tbody > tr")];
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  let texts = null;
  input.addEventListener("input", () => {
    texts ??= rows.map((row) => fold(row.textContent));
    const wanted = fold(input.value.trim());
    let matching = 0;
    rows.forEach((row, place) => {
      row.hidden = !texts[place].includes(wanted);
      matching += row.hidden ? 0 : 1;
    });
    status.textContent = wanted ? status.dataset.words.replace("{count}", matching) : "";
  });
  filter.hidden = false;
}
