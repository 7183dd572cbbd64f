/** A page's answer is as high as it needs to be and has its figures; a card's fills its card. */
export type Size = "page" | "card";

/**
 * The role of a part that scrolls. On a page it is a landmark; the cards of a
 * dashboard are landmarks themselves, and parts of one name in several of them
 * could not be told apart.
 */
export function scrollRole(size: Size): "region" | "group" {
  return size === "page" ? "region" : "group";
}
