import { expect, it } from "vitest";
import { allTimezones } from "./timezones";

it("lists zones by the names that they have now, each once and each of use", () => {
  const zones = allTimezones();
  expect(zones).toEqual(expect.arrayContaining(["UTC", "Asia/Kolkata", "Europe/Kyiv", "America/New_York"]));
  expect(zones).not.toContain("Asia/Calcutta");
  expect(zones.filter((zone) => !new Intl.DateTimeFormat("en", { timeZone: zone }).format())).toEqual([]);
});
