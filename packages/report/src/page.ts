/** The report of runs. */
import { formatDuration } from "./format.ts";
import { constantMetrics, progressFigures, thetaFigures } from "./curves.ts";
import type { PennedFigure } from "./drawing.ts";
import { factList } from "./facts.ts";
import { figureCard } from "./figureCard.ts";
import { type Markup, html } from "./html.ts";
import { overlay } from "./overlay.ts";
import { penOf } from "./palette.ts";
import { type RunView, computingTime } from "./runView.ts";
import { shell } from "./shell.ts";
import { configTable, constantTable, environmentTable, evaluationSection } from "./tables.ts";

/** The page of one run, or of several side by side. */
export function reportPage(runs: readonly RunView[]): string {
  const names = [...new Set(runs.map(({ manifest }) => manifest.experiment))].join(", ");
  const title = runs.length === 1 ? names : `${names}: ${runs.length} runs`;
  const theta = thetaFigures(runs);
  return shell(
    `${title} · Unspool report`,
    html`${runs.length === 1 ? runHeader(runs[0]!) : comparisonHeader(title, runs)} ${evaluationSection(runs)}
      ${ownFigures(runs)} ${figureSection("Progress", progressFigures(runs), "No outer step was done yet.")}
      ${constantTable(constantMetrics(runs), runs)}
      ${theta.length === 0 ? null : figureSection("Theta over outer steps", theta, "")}
      <div class="pair">
        <section>
          <h2>Config</h2>
          ${configTable(runs)}
        </section>
        <section>
          <h2>Environment</h2>
          ${environmentTable(runs)}
        </section>
      </div>`,
  );
}

function runHeader(run: RunView): Markup {
  return html`<header>
    <h1>${run.manifest.experiment}</h1>
    ${run.about.summary === undefined ? null : html`<p class="summary">${run.about.summary}</p>`}
    ${run.about.paper === undefined ? null : html`<p class="paper">${run.about.paper}</p>`} ${facts(run)}
  </header>`;
}

function comparisonHeader(title: string, runs: readonly RunView[]): Markup {
  const papers = [...new Set(runs.map(({ about }) => about.paper).filter((paper) => paper !== undefined))];
  return html`<header>
    <h1>${title}</h1>
    ${papers.map((paper) => html`<p class="paper">${paper}</p>`)}
    <div class="runs">
      ${runs.map(
        (run, i) =>
          html`<article class="run" style="--run:${penOf(i).colour}">
            <h2>${run.label}</h2>
            ${facts(run)}
          </article>`,
      )}
    </div>
  </header>`;
}

function facts(run: RunView): Markup {
  const { status, seed, steps, startedAt, error } = run.manifest;
  const done = run.metrics.at(-1)?.step ?? 0;
  const duration = computingTime(run);
  const items: [string, string | Markup][] = [
    ["Status", html`<span class="status ${status}">${status}</span>`],
    [
      "Outer steps",
      done === steps
        ? steps.toLocaleString("en-US")
        : `${done.toLocaleString("en-US")} of ${steps.toLocaleString("en-US")}`,
    ],
    ["Inner steps", (run.metrics.at(-1)?.innerSteps ?? 0).toLocaleString("en-US")],
    ["Computing time", formatDuration(duration)],
    ["Seed", `${seed}`],
    ["Started", `${startedAt.slice(0, 16).replace("T", " ")} UTC`],
    ["Folder", html`<code>${run.folder}</code>`],
  ];
  return html`${factList(items)}
  ${error === undefined ? null : html`<p class="error"><strong>${error.code}</strong> ${error.message}</p>`}`;
}

/** The experiments' own figures; those of several runs with the same id are one drawing, or stand side by side. */
function ownFigures(runs: readonly RunView[]): Markup | null {
  const ids = [...new Set(runs.flatMap(({ figures }) => figures.map(({ id }) => id)))];
  const problems = runs.flatMap(({ figureProblems }) => figureProblems ?? []);
  if (ids.length === 0 && problems.length === 0) return null;
  const cards = ids.flatMap((id) => {
    const drawn = runs.flatMap((run, i) => {
      const figure = run.figures.find((candidate) => candidate.id === id);
      return figure === undefined ? [] : [{ figure, label: run.label, pen: penOf(i) }];
    });
    const overlaid = overlay(drawn);
    if (overlaid !== undefined) return [figureCard(overlaid)];
    return drawn.map(({ figure, ...run }) => figureCard(figure, runs.length === 1 ? undefined : run));
  });
  return html`<section>
    <h2>Figures</h2>
    ${problems.map((problem) => html`<p class="error">A figure could not be drawn: ${problem}</p>`)}
    <div class="grid">${cards}</div>
  </section>`;
}

export function figureSection(title: string, figures: readonly PennedFigure[], ifEmpty: string): Markup {
  return html`<section>
    <h2>${title}</h2>
    ${
      figures.length === 0
        ? html`<p class="note">${ifEmpty}</p>`
        : html`<div class="grid">${figures.map((figure) => figureCard(figure))}</div>`
    }
  </section>`;
}
