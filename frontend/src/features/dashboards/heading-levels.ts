import type { Nodes, Root } from "mdast";

/**
 * A remark plugin that has the headings of a text follow the dashboard's own,
 * which is the first: "#" becomes the second level, and no level is passed over,
 * so that whoever goes from heading to heading finds them all.
 */
export function headingLevels() {
  return (root: Root): void => {
    let before = 1;
    const visit = (node: Nodes): void => {
      if (node.type === "heading") {
        before = Math.min(node.depth + 1, before + 1, 6);
        node.depth = before as typeof node.depth;
      }
      if ("children" in node) node.children.forEach(visit);
    };
    visit(root);
  };
}
