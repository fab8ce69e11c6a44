/** The report's style sheet: one column, quiet colors, both modes. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #22252b; --ink-soft: #5d626d; --line: #e4e1d9; --muted: #8d929c;
  --accent: #0b7a5f; --second: #3767c8; --third: #b3661b; --warn: #c0413b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171b; --card: #1d2025; --ink: #e9e7e1; --ink-soft: #a5aab4; --line: #32363d; --muted: #7d838e;
    --accent: #43c59e; --second: #84a9f5; --third: #e2a15c; --warn: #f0837c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.55 system-ui, sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 48px 24px 96px; }
h1 { font-size: 34px; line-height: 1.15; margin: 0 0 8px; letter-spacing: -0.02em; }
h2 { font-size: 23px; margin: 64px 0 6px; letter-spacing: -0.01em; }
p { margin: 8px 0 16px; max-width: 68ch; }
.soft { color: var(--ink-soft); }
.verdict { font-size: 1.1em; max-width: 62ch; margin: 20px 0 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(146px, 1fr)); gap: 14px; margin: 28px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; }
.card b { display: block; font-size: 28px; line-height: 1.15; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.card span { color: var(--ink-soft); font-size: 14px; line-height: 1.35; display: block; margin-top: 4px; }
figure { margin: 18px 0 8px; padding: 18px 18px 10px; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 560px; height: auto; color: var(--ink); }
figure svg text { white-space: pre; }
figcaption { color: var(--ink-soft); font-size: 14px; margin-top: 8px; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 5px; }
.entry { display: inline-block; margin-right: 12px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { color: var(--ink-soft); font-weight: 500; font-size: 13px; }
tr.served td { font-weight: 650; color: var(--accent); }
tr.anchor td { color: var(--ink-soft); font-style: italic; }
footer { margin-top: 72px; color: var(--ink-soft); font-size: 14px; border-top: 1px solid var(--line); padding-top: 16px; }
`;
