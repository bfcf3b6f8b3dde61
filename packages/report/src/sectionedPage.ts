/** A page of sections: a heading, then sections of sentences, tables and figures. */
import type { PennedFigure } from "./drawing.ts";
import { factList } from "./facts.ts";
import { figureCard } from "./figureCard.ts";
import { type Markup, html } from "./html.ts";
import { shell } from "./shell.ts";
import { type Cell, table } from "./tables.ts";

export interface PageTable {
  title?: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
  /** Rows to mark. */
  marked?: readonly number[];
}

export interface PageSection {
  title: string;
  /** Paragraphs. */
  text?: readonly string[];
  tables?: readonly PageTable[];
  figures?: readonly PennedFigure[];
}

export interface SectionedPage {
  title: string;
  /** What was done to what. */
  summary: string;
  facts: readonly (readonly [name: string, value: string])[];
  sections: readonly PageSection[];
}

export function sectionedPage({ title, summary, facts, sections }: SectionedPage): string {
  return shell(
    `${title} · Unspool`,
    html`<header>
        <h1>${title}</h1>
        <p class="summary">${summary}</p>
        ${factList(facts)}
      </header>
      ${sections.map(sectionOf)}`,
  );
}

function sectionOf({ title, text = [], tables = [], figures = [] }: PageSection): Markup {
  return html`<section>
    <h2>${title}</h2>
    ${text.map((paragraph) => html`<p>${paragraph}</p>`)}
    ${tables.map((one) => html`${one.title === undefined ? null : html`<h3>${one.title}</h3>`}${table(one.columns, one.rows, { marked: one.marked })}`)}
    ${figures.length === 0 ? null : html`<div class="grid">${figures.map((figure) => figureCard(figure))}</div>`}
  </section>`;
}
