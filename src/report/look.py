"""How pages look: on a screen, on a telephone, on paper."""

CSS = """
:root { color-scheme: light; --ink: #1f2328; --muted: #5c636b; --line: #d6dbe0; --accent: #005a8f; --soft: #f3f6f9; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; background: #fff; }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; color: var(--ink); margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.85rem; line-height: 1.2; margin: 1.5rem 0 .3rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3rem 0 .6rem; padding-top: .9rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.02rem; margin: 1.8rem 0 .3rem; }
p, ul { max-width: 46rem; } ul { padding-left: 1.3rem; } li { margin: .2rem 0; }
.lead { font-size: 1.1rem; color: var(--muted); margin: 0 0 1rem; }
a { color: var(--accent); }
a:focus-visible, .scroll:focus-visible { outline: 3px solid #E69F00; outline-offset: 2px; }
.skip { position: absolute; left: -999rem; background: #fff; padding: .5rem .9rem; }
.skip:focus { left: .5rem; top: .5rem; }
.warning { border: 4px solid #B00020; background: #fdf1f2; padding: .9rem 1.2rem; margin: 0; }
.warning p { margin: .4rem 0 0; max-width: none; font-size: 1.05rem; }
.warning p.headline { color: #B00020; font-size: 1.7rem; line-height: 1.2; font-weight: 700; margin: 0; }
.plain { border: 1px solid var(--line); border-left: 4px solid var(--accent); padding: .6rem 1rem; margin: 0; }
.plain p { margin: 0; } .plain p.headline { font-weight: 700; }
nav { font-size: .92rem; margin: 1.2rem 0; }
nav ul { list-style: none; padding: 0; margin: .2rem 0; max-width: none; columns: 17rem; column-gap: 2rem; }
nav li { margin: 0; padding: .1rem 0; break-inside: avoid; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: .75rem;
  margin: 1.5rem 0; padding: 0; }
.figures div { background: var(--soft); border-left: 4px solid var(--accent); padding: .6rem .9rem; }
.figures dd { margin: 0; font-size: 1.5rem; font-weight: 700; line-height: 1.25; }
.figures dt { color: var(--muted); font-size: .87rem; line-height: 1.35; }
.figures div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.tabular { margin: 1.3rem 0 1.6rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; text-align: left; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 2px solid var(--muted); vertical-align: bottom; font-weight: 600; }
tbody th { font-weight: 400; }
td.number, th.number { text-align: right; }
td.number, .short, .tiny { white-space: nowrap; }
.again { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
.key { color: var(--muted); font-size: .84rem; line-height: 1.45; margin: .45rem 0 0; padding: 0; list-style: none; }
.key li { margin: 0; }
figure { margin: 1.4rem 0; } figure img { max-width: 100%; height: auto; }
figcaption { color: var(--muted); font-size: .9rem; max-width: 46rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem; } .pair figure { flex: 1 1 22rem; margin: .5rem 0; }
.note { background: #fff8e6; border-left: 4px solid #B35900; padding: .6rem .9rem; }
.finding { border-left: 4px solid var(--muted); padding: .45rem .9rem; margin: .75rem 0; max-width: 46rem; }
.finding p { margin: .15rem 0; } .finding h3 { margin: 0 0 .2rem; }
.finding.error { border-color: #B00020; } .finding.warn { border-color: #B35900; }
.severity { font-weight: normal; font-size: .85rem; padding: 0 .4rem; border: 1px solid currentcolor; }
.error .severity { color: #B00020; } .warn .severity { color: #8F4700; }
.where { font-weight: normal; color: var(--muted); margin-left: .6rem; }
.answers { margin: 1rem 0; }
.answers div { display: grid; grid-template-columns: 14rem 1fr; gap: 0 1.2rem; padding: .4rem 0;
  border-bottom: 1px solid var(--line); }
.answers dt { display: grid; grid-template-columns: 3.9rem 1fr; color: var(--muted); font-size: .92rem; }
.answers dt b { color: var(--ink); } .answers dd { margin: 0; max-width: 44rem; overflow-wrap: anywhere; }
.answers .gap dd { color: #8F4700; font-style: italic; }
footer { color: var(--muted); font-size: .85rem; margin-top: 3rem; border-top: 1px solid var(--line); }
footer p { max-width: none; }
@media (max-width: 480px) {
  main { padding: 1rem .9rem 3rem; } h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; }
  .warning p.headline { font-size: 1.35rem; } .figures { grid-template-columns: 1fr 1fr; }
  table { font-size: .85rem; } .text { min-width: 9rem; }
  td.number { white-space: normal; min-width: 4.5rem; } td.short, th.short { white-space: normal; }
  td:first-child, th:first-child { position: sticky; left: 0; background: #fff; max-width: 8.5rem; }
  th, td { padding-right: .6rem; }
}
@media (max-width: 640px) { .answers div { grid-template-columns: 1fr; } }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  body { font-size: 10pt; } main { max-width: none; padding: 0; }
  nav, .skip { display: none; }
  h1 { font-size: 18pt; } h2 { font-size: 13pt; margin-top: 18pt; } h2, h3, caption { break-after: avoid; }
  p, ul, figcaption, .note, .finding { max-width: none; }
  p, li { orphans: 3; widows: 3; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; max-width: 100%; } th, td { padding: 2pt 7pt 2pt 0; }
  td.short, td.text, th { white-space: normal; overflow-wrap: break-word; } td.text { min-width: 0; }
  .key { font-size: 7.5pt; } figcaption { font-size: 8pt; } .pair { flex-wrap: nowrap; } .pair figure { flex: 1 1 45%; }
  thead { display: table-header-group; break-after: avoid; } tbody tr:first-child { break-before: avoid; }
  .whole { break-inside: avoid; } .tabular .key { break-before: avoid; }
  .answers, .answers dt { font-size: 9pt; } .figures { grid-template-columns: repeat(3, 1fr); }
  .answers div { break-inside: avoid; grid-template-columns: 42mm 1fr; }
  tr, figure, .finding, .warning, .figures div, .note { break-inside: avoid; }
  figure img { max-height: 165mm; }
  a { color: inherit; text-decoration: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
