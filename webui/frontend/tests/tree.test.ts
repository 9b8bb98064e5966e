import { describe, expect, test } from "vitest";
import { branchTo, newestLeaf, siblings, subtree, type Node } from "../src/lib/tree";

/** `a` has `b` and `c`, `b` has `d`; `e` is another root. */
const tree: Record<string, Node> = Object.fromEntries(
  (
    [
      ["a", null, ["b", "c"]],
      ["b", "a", ["d"]],
      ["c", "a", []],
      ["d", "b", []],
      ["e", null, []],
    ] as const
  ).map(([id, parentId, childrenIds]) => [id, { id, parentId, childrenIds: [...childrenIds] }]),
);
const ids = (nodes: Node[]): string => nodes.map(({ id }) => id).join("");
const node = (id: string): Node => tree[id] as Node;

describe("a tree of messages", () => {
  test("has a branch to each message", () => {
    expect(ids(branchTo(tree, "d"))).toBe("abd");
    expect(branchTo(tree, null)).toEqual([]);
    expect(branchTo(tree, "gone")).toEqual([]);
  });

  test("ends even if it is none", () => {
    const loop = {
      x: { id: "x", parentId: "y", childrenIds: ["y"] },
      y: { id: "y", parentId: "x", childrenIds: ["x"] },
    };
    expect(ids(branchTo(loop, "x"))).toBe("yx");
    expect(newestLeaf(loop, loop.x).id).toBe("x");
    expect(ids(subtree(loop, loop.x))).toBe("xy");
  });

  test("goes on by the newest messages", () => {
    expect(newestLeaf(tree, node("a")).id).toBe("c");
    expect(newestLeaf(tree, node("b")).id).toBe("d");
  });

  test("knows what stands in the place of a message, at its root too", () => {
    expect(ids(siblings(tree, node("b")))).toBe("bc");
    expect(ids(siblings(tree, node("e")))).toBe("ae");
  });

  test("is cut with all below", () => {
    expect(ids(subtree(tree, node("a")))).toBe("abcd");
  });
});
