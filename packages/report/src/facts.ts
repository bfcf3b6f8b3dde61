/** Named facts in a row, as under a page's heading. */
import { type Markup, html } from "./html.ts";

export function factList(facts: readonly (readonly [name: string, value: string | Markup])[]): Markup {
  return html`<dl class="facts">
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
