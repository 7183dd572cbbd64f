import ReactMarkdown, { type Components } from "react-markdown";
import { Link } from "react-router";
import { headingLevels } from "./heading-levels";

/** What a text may be made of. HTML stays the text that it is. */
const ELEMENTS = [
  ...["h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "ul", "ol", "li"],
  ...["a", "img", "em", "strong", "code", "pre"],
];

const COMPONENTS: Components = {
  // The library empties an address that a browser would run, such as javascript:.
  a: ({ href = "", children }) =>
    href === "" ? (
      <>{children}</>
    ) : href.startsWith("/") && !href.startsWith("//") ? (
      <Link to={href}>{children}</Link>
    ) : (
      <a href={href} rel="noopener noreferrer">
        {children}
      </a>
    ),
  // The Content-Security-Policy forbids pictures from elsewhere, and the server keeps none.
  img: ({ alt }) => <>{alt}</>,
  // Long lines of code scroll, which the keyboard must reach.
  pre: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre tabIndex={0}>{children}</pre>
  ),
};

/** A text of Markdown, made into elements: nothing of it is ever read as HTML. */
export default function Markdown({ text }: { text: string }) {
  return (
    <ReactMarkdown
      allowedElements={ELEMENTS}
      unwrapDisallowed
      remarkPlugins={[headingLevels]}
      components={COMPONENTS}
    >
      {text}
    </ReactMarkdown>
  );
}
