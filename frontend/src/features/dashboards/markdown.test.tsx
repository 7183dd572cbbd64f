// @vitest-environment jsdom
import { render } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { describe, expect, it } from "vitest";
import Markdown from "./markdown";

function html(text: string): string {
  const { container } = render(<Markdown text={text} />, { wrapper: MemoryRouter });
  return container.innerHTML.replaceAll("\n", "");
}

describe("a text of Markdown", () => {
  it("is made into elements", () => {
    expect(html("**bold**, *soft* and `code`")).toBe(
      "<p><strong>bold</strong>, <em>soft</em> and <code>code</code></p>",
    );
    expect(html("1. one\n2. two\n\n> quoted\n\n---\n")).toBe(
      "<ol><li>one</li><li>two</li></ol><blockquote><p>quoted</p></blockquote><hr>",
    );
  });

  it("keeps HTML as the text that it is", () => {
    expect(html("Counted <b>once</b>.")).toBe("<p>Counted &lt;b&gt;once&lt;/b&gt;.</p>");
    expect(html('<img src="x" onerror="alert(1)">')).not.toContain("<img");
    expect(html("<script>alert(1)</script>")).not.toContain("<script");
  });

  it("has no address that would be run, and no picture", () => {
    expect(html("[go](javascript:alert(1))")).toBe("<p>go</p>");
    expect(html("[go](data:text/html,x)")).toBe("<p>go</p>");
    expect(html("![A loaf](https://example.com/loaf.png)")).toBe("<p>A loaf</p>");
  });

  it("leads to the page's own addresses and to others", () => {
    expect(html("[Orders](/insights/1)")).toBe(
      '<p><a href="/insights/1" data-discover="true">Orders</a></p>',
    );
    expect(html("[Docs](https://example.com/)")).toBe(
      '<p><a href="https://example.com/" rel="noopener noreferrer">Docs</a></p>',
    );
    expect(html("[Elsewhere](//example.com/)")).toContain('rel="noopener noreferrer"');
  });

  it("puts its headings below the dashboard's, and passes over no level", () => {
    const levels = (text: string) => [...html(text).matchAll(/<h(\d)>/g)].map(([, level]) => Number(level));
    expect(levels("# One\n\n## Two\n\n# Three")).toEqual([2, 3, 2]);
    expect(levels("### One\n\n###### Two\n\n> # Three")).toEqual([2, 3, 2]);
    expect(levels("# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6")).toEqual([2, 3, 4, 5, 6, 6]);
  });
});
