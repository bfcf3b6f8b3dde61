/** The report's style sheet: plain type, two columns of figures where there is room, light and dark. */
import { paletteCss } from "./palette.ts";

export const styles: string = `
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1d2126;--faint:#5c646e;--line:#dfe2e6;--mark:#fff6dc;--reference:#6b7280;--good:#0a7a4b;--bad:#b3261e;--wait:#8a5a00;${paletteCss("light")}}
@media (prefers-color-scheme:dark){:root{--page:#15181c;--card:#1c2026;--ink:#e6e8eb;--faint:#a0a8b2;--line:#343a43;--mark:#3a3116;--reference:#a5adb8;--good:#4cc38a;--bad:#ff8a80;--wait:#e8b84a;${paletteCss("dark")}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1180px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:34px 0 12px;padding-bottom:4px;border-bottom:1px solid var(--line)}
h3{font-size:.95rem;font-weight:600;margin:0 0 8px}
p{margin:4px 0}
.summary{font-size:1.05rem}
.paper,.note,figcaption{color:var(--faint)}
.paper{font-style:italic}
.note,figcaption{font-size:.85rem}
figcaption{margin-top:8px}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:10px 28px;margin:16px 0 0}
.facts dt{font-size:.75rem;color:var(--faint)}
.facts dd{margin:0;font-variant-numeric:tabular-nums}
.status{font-weight:600;color:var(--wait)}
.status.done{color:var(--good)}
.status.failed{color:var(--bad)}
.error{margin-top:12px;padding:8px 12px;border-left:3px solid var(--bad);background:var(--card);overflow-wrap:anywhere}
.runs{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:14px;margin-top:16px}
.run{border:1px solid var(--line);border-left:5px solid var(--run);border-radius:6px;background:var(--card);padding:12px 14px}
.run h2{border:0;margin:0;padding:0;font-size:1rem;overflow-wrap:anywhere}
.run .facts{margin-top:8px;gap:6px 20px}
.tag{display:inline-block;border-left:5px solid var(--run);padding-left:7px;margin-right:10px;font-weight:600;overflow-wrap:anywhere}
h3 .tag{color:var(--faint)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:16px;align-items:start}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:0 32px}
.pair>section{min-width:0}
.card{margin:0;padding:14px 16px;background:var(--card);border:1px solid var(--line);border-radius:6px;min-width:0}
svg.plot{display:block;width:100%;height:auto;overflow:visible}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 6px;padding:0;font-size:.85rem}
.legend li{display:flex;align-items:center;gap:6px;min-width:0;overflow-wrap:anywhere}
.swatch{flex:none}
.colours{font-size:.85rem;margin-bottom:6px}
.colours .bar{height:10px;border-radius:2px;margin-top:4px}
.colours .ends{display:flex;justify-content:space-between;color:var(--faint);font-variant-numeric:tabular-nums}
.tables{display:flex;flex-wrap:wrap;gap:0 48px}
.tables>div{min-width:0;max-width:100%}
.scroll{overflow-x:auto;margin-bottom:14px}
table{border-collapse:collapse;font-size:.9rem}
th,td{padding:4px 16px 4px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th[scope=row]{font-weight:400;color:var(--faint)}
thead th{font-size:.8rem;color:var(--faint);font-weight:600}
th.number,td.number{text-align:right;font-variant-numeric:tabular-nums}
tr.differs>*,tr.marked>*{background:var(--mark)}
tr.marked>*{font-weight:600}
@media print{body{background:#fff}.card{break-inside:avoid}}
`;
