import { describe, expect, test } from "vitest";
import { Attempt } from "../src/lib/attempt.svelte";
import { isWithin, PARAMETERS } from "../src/lib/parameters";
import { initials, squareOf } from "../src/lib/picture";
import { bytes, moment, percent } from "../src/lib/quantities";

describe("pictures", () => {
  test("the square is the middle of the picture, and is made smaller only", () => {
    expect(squareOf(4000, 3000, 192)).toEqual({ x: 500, y: 0, size: 3000, side: 192 });
    expect(squareOf(300, 1000, 192)).toEqual({ x: 0, y: 350, size: 300, side: 192 });
    expect(squareOf(20, 30, 192)).toEqual({ x: 0, y: 5, size: 20, side: 20 });
  });

  test.each([
    ["Ada Lovelace", "AL"],
    ["  ada   king  lovelace ", "AL"],
    ["ada", "A"],
    ["😀 Ada", "😀A"],
    ["", ""],
  ])("the initials of %j are %j", (name, letters) => {
    expect(initials(name)).toBe(letters);
  });
});

test("quantities are written as the language has it", () => {
  expect(bytes(0, "en")).toBe("0 byte");
  expect(bytes(1_500_000, "en")).toBe("1.5 MB");
  expect(bytes(1_500_000, "de")).toBe("1,5 MB");
  expect(bytes(5e12, "en")).toBe("5,000 GB");
  expect(percent(0.5, "en")).toBe("50%");
  expect(moment(0, "de")).toContain("1970");
});

test("parameters have bounds", () => {
  const [temperature, , tokens] = PARAMETERS;
  if (!temperature || !tokens) throw new Error("parameters are missing");
  expect([0, 2, 2.1, -0.1, NaN].map((value) => isWithin(temperature, value))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect([1, 1.5, 0].map((value) => isWithin(tokens, value))).toEqual([true, false, false]);
});

describe("an attempt", () => {
  test("tells how it ended, and can be tried again", async () => {
    const attempt = new Attempt();
    let isDown = true;
    const work = async (): Promise<void> => {
      if (isDown) throw new Error("The server does not answer.");
    };
    expect(await attempt.run(work)).toBe(false);
    expect([attempt.state, attempt.problem]).toEqual(["failed", "The server does not answer."]);
    isDown = false;
    await attempt.again();
    expect(attempt.state).toBe("done");
  });

  test("one that ends late says nothing of a later one", async () => {
    const attempt = new Attempt();
    let end = (): void => {};
    const first = attempt.run(() => new Promise<void>((_, fail) => (end = () => fail(new Error("late")))));
    await attempt.run(async () => {});
    end();
    expect(await first).toBe(false);
    expect(attempt.state).toBe("done");
  });
});
