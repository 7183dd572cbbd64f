import type { components } from "../../api/schema.gen";
import {
  OPERATORS,
  type CohortOperator,
  type Condition,
  type Operator,
  type PropertyCondition,
  type Scalar,
} from "./question";

export type PropertyType = components["schemas"]["PropertyType"];

/** What an operator takes for its value. */
export type ValueShape = "scalar" | "list" | "text" | "number" | "none";

const SHAPES: Record<Operator, ValueShape> = {
  equals: "scalar",
  not_equals: "scalar",
  in: "list",
  not_in: "list",
  contains: "text",
  not_contains: "text",
  greater_than: "number",
  greater_or_equal: "number",
  less_than: "number",
  less_or_equal: "number",
  is_set: "none",
  is_not_set: "none",
};

const NAMES: Record<Operator, string> = {
  equals: "is",
  not_equals: "is not",
  in: "is one of",
  not_in: "is none of",
  contains: "contains",
  not_contains: "does not contain",
  greater_than: "is more than",
  greater_or_equal: "is at least",
  less_than: "is less than",
  less_or_equal: "is at most",
  is_set: "is set",
  is_not_set: "is not set",
};

const BY_TYPE: Record<PropertyType, readonly Operator[]> = {
  string: ["equals", "not_equals", "in", "not_in", "contains", "not_contains", "is_set", "is_not_set"],
  number: [
    "equals",
    "not_equals",
    "in",
    "not_in",
    "greater_than",
    "greater_or_equal",
    "less_than",
    "less_or_equal",
    "is_set",
    "is_not_set",
  ],
  boolean: ["equals", "not_equals", "is_set", "is_not_set"],
  object: ["is_set", "is_not_set"],
  array: ["is_set", "is_not_set"],
};

export function valueShape(operator: Operator): ValueShape {
  return SHAPES[operator];
}

export function operatorName(operator: Operator): string {
  return NAMES[operator];
}

/** How a user stands to a cohort, in words. */
export function cohortOperatorName(operator: CohortOperator): string {
  return operator === "in" ? "is in cohort" : "is not in cohort";
}

/** The operators that make sense for a property of these types; all where they are not known. */
export function operatorsFor(types: readonly PropertyType[]): Operator[] {
  if (types.length === 0) return [...OPERATORS];
  const allowed = new Set(types.flatMap((type) => BY_TYPE[type]));
  return OPERATORS.filter((operator) => allowed.has(operator));
}

/** The operator to begin with for a property of these types. */
export function firstOperator(types: readonly PropertyType[]): Operator {
  return operatorsFor(types)[0] ?? "is_set";
}

/**
 * The condition with another operator, keeping as much of its value as the new
 * operator can take: one value becomes a list of one and back, and a value of
 * the wrong shape goes.
 */
export function withOperator(condition: PropertyCondition, operator: Operator): PropertyCondition {
  const { value, ...rest } = condition;
  const kept = convert(value, valueShape(operator));
  return kept === undefined ? { ...rest, operator } : { ...rest, operator, value: kept };
}

function convert(value: PropertyCondition["value"], shape: ValueShape): PropertyCondition["value"] {
  if (value === undefined) return undefined;
  const first = Array.isArray(value) ? value[0] : value;
  switch (shape) {
    case "none":
      return undefined;
    case "list":
      return Array.isArray(value) ? value : [value];
    case "scalar":
      return first;
    case "text":
      return typeof first === "string" ? first : undefined;
    case "number":
      return typeof first === "number" ? first : undefined;
  }
}

/** Whether the condition says enough to take part in a query. */
export function isComplete(condition: Condition): boolean {
  if (condition.scope === "cohort") return condition.value !== undefined;
  const { property, operator, value } = condition;
  if (property === "") return false;
  switch (valueShape(operator)) {
    case "none":
      return true;
    case "list":
      return Array.isArray(value) && value.length > 0;
    case "scalar":
      return value !== undefined && !Array.isArray(value);
    case "text":
      return typeof value === "string" && value !== "";
    case "number":
      return typeof value === "number";
  }
}

/** A value as the page shows it; a text that looks like a number or a boolean is in quotes. */
export function valueText(value: Scalar): string {
  if (typeof value !== "string") return String(value);
  return value.trim() === "" || parsesAsOther(value) ? `“${value}”` : value;
}

function parsesAsOther(text: string): boolean {
  return text === "true" || text === "false" || Number.isFinite(Number(text));
}

/**
 * What a typed text may mean for a property of these types, the likeliest
 * first: the text "10" is not the number 10, so both are offered where the
 * property has both, or where its types are not known.
 */
export function readings(text: string, types: readonly PropertyType[]): Scalar[] {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const known = types.length > 0;
  const found: Scalar[] = [];
  const number = Number(trimmed);
  if (Number.isFinite(number) && (!known || types.includes("number"))) found.push(number);
  if ((trimmed === "true" || trimmed === "false") && (!known || types.includes("boolean"))) {
    found.push(trimmed === "true");
  }
  if (!known || types.includes("string")) found.push(trimmed);
  return found;
}
