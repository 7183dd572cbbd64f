import type { Role } from "../../api/session";
import type { TokenScope } from "../../api/tokens";

/** The roles, the least first, with what they may do. */
export const ROLES: readonly { id: Role; text: string; may: string }[] = [
  { id: "viewer", text: "Viewer", may: "asks questions and reads" },
  { id: "editor", text: "Editor", may: "also saves" },
  { id: "admin", text: "Admin", may: "also decides who may do what" },
];

/** A role's name. */
export function roleText(role: Role): string {
  return ROLES.find(({ id }) => id === role)?.text ?? role;
}

/** What a token may be made for. */
export const ACCESSES = [
  { id: "read", text: "Read" },
  { id: "read-write", text: "Read and write" },
  { id: "write", text: "Write only" },
] as const;

export type Access = (typeof ACCESSES)[number]["id"];

export function scopesOf(access: Access): TokenScope[] {
  switch (access) {
    case "read":
      return ["read"];
    case "read-write":
      return ["read", "write"];
    case "write":
      return ["write"];
  }
}

/** What a token may do, in words. */
export function accessText(scopes: readonly TokenScope[]): string {
  const access = ACCESSES.find(({ id }) => {
    const own = scopesOf(id);
    return own.length === scopes.length && own.every((scope) => scopes.includes(scope));
  });
  return access?.text ?? scopes.join(", ");
}

/** For how long a token may be made. */
export const LIFES = [
  { id: "never", text: "Never" },
  { id: "30", text: "In 30 days" },
  { id: "90", text: "In 90 days" },
  { id: "365", text: "In a year" },
] as const;

export type Life = (typeof LIFES)[number]["id"];

/** When a token made now expires; null for never. */
export function expiry(life: Life, now: Date): string | null {
  if (life === "never") return null;
  return new Date(now.getTime() + Number(life) * 24 * 3_600_000).toISOString();
}
