import { html } from "../../../examples/report/html.js";

test("text is escaped, HTML and lists of it are not", () => {
  const items = ["<b>", "a & b"].map((text) => html`<li>${text}</li>`);
  expect(html`<i title="${`"'`}">${items}${html`<hr />`}${3}</i>`.text).toBe(
    '<i title="&quot;&#39;"><li>&lt;b&gt;</li><li>a &amp; b</li><hr />3</i>',
  );
});
