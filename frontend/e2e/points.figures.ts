// What it costs to answer and draw questions with tens of thousands of points:
// the figures of docs/performance.md. CPU time, since other work on the machine
// lengthens the time by the clock.
import type { Page } from "@playwright/test";
import { open, settled, test } from "./fixtures";
import type { Server } from "./server";

const YEAR = "from=2024-01-01&to=2024-12-31&tz=UTC&view=line";
const SMALL = `/explore?event=commit&by=month&${YEAR}`;
const QUESTIONS = [
  { name: "one series by hour", path: `/explore?event=*&by=hour&${YEAR}` },
  { name: "areas by hour", path: `/explore?event=*&split=event.area&top=5&by=hour&${YEAR}` },
  {
    name: "hundreds of series",
    path: "/explore?event=*&event=commit&split=user.commits&top=100&by=month&from=2015-01-01&to=2024-12-31&tz=UTC&view=line",
  },
];
const ROUNDS = 5;
const STEPS = 20;

type Figures = Record<"server" | "main" | "script" | "step", number>;

/** Seconds that the server's process has been computing. */
async function serverSeconds(server: Server): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const found = /^process_cpu_seconds_total (\S+)$/m.exec(text);
  if (!found) throw new Error("the server's metrics have no process_cpu_seconds_total");
  return Number(found[1]);
}

/** Waits until the page has drawn what it has, and has nothing more to do. */
async function quiet(page: Page): Promise<void> {
  await settled(page);
  await page.getByRole("slider").waitFor();
  await page.evaluate(async () => {
    for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
    await new Promise((resolve) => requestIdleCallback(resolve));
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

test.use({ contextOptions: { reducedMotion: "reduce" } });

for (const { name, path } of QUESTIONS) {
  test(name, async ({ page, sample }) => {
    test.setTimeout(300_000);
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    const spent = async () => {
      const { metrics } = await cdp.send("Performance.getMetrics");
      const of = (wanted: string) => metrics.find((metric) => metric.name === wanted)?.value ?? NaN;
      return { main: of("TaskDuration"), script: of("ScriptDuration"), server: await serverSeconds(sample) };
    };
    const rounds: Figures[] = [];
    let size = { points: 0, series: 0, bytes: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      // A page that has all its code, and a chart on it, but not this answer.
      await open(page, sample, SMALL);
      await quiet(page);
      const before = await spent();
      const answered = page.waitForResponse((response) => response.url().endsWith("/api/v1/query"));
      await page.evaluate((address) => {
        history.pushState({}, "", address);
        dispatchEvent(new PopStateEvent("popstate"));
      }, path);
      const answer = await (await answered).body();
      await quiet(page);
      const after = await spent();

      await page.getByRole("slider").focus();
      await page.keyboard.press("Home");
      await quiet(page);
      const still = await spent();
      for (let step = 0; step < STEPS; step++) {
        await page.keyboard.press("ArrowRight");
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
      const walked = await spent();

      const { series } = JSON.parse(answer.toString()) as { series: { values: unknown[] }[] };
      const points = series.reduce((sum, { values }) => sum + values.length, 0);
      size = { points, series: series.length, bytes: answer.length };
      rounds.push({
        server: (after.server - before.server) * 1000,
        main: (after.main - before.main) * 1000,
        script: (after.script - before.script) * 1000,
        step: ((walked.main - still.main) / STEPS) * 1000,
      });
    }
    await page.screenshot({ path: `screenshots/points-${name.replaceAll(" ", "-")}.png` });
    const of = (key: keyof Figures) => {
      const values = rounds.map((round) => round[key]);
      // The server keeps its answers: only the first round has it compute.
      if (key === "server") return `${Math.round(values[0] ?? NaN)} ms`;
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const digits = key === "step" ? 1 : 0;
      return `${median(values).toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)}) ms`;
    };
    console.log(
      `${name}: ${size.series} series, ${size.points} points, ${Math.round(size.bytes / 1024)} KiB of JSON; ` +
        `server ${of("server")}; page ${of("main")}, of it script ${of("script")}; a step ${of("step")}`,
    );
  });
}
