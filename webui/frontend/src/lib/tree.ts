/** Messages of a chat form a tree: editing and asking again make siblings, and a chat shows one branch. */

/** What there is of a message as far as the tree goes. */
export interface Node {
  id: string;
  parentId: string | null;
  childrenIds: string[];
}

export type Tree<N extends Node> = Readonly<Record<string, N>>;

/** From the root to this message. */
export function branchTo<N extends Node>(tree: Tree<N>, id: string | null): N[] {
  const path: N[] = [];
  const seen = new Set<string>();
  for (let node = find(tree, id); node && !seen.has(node.id); node = find(tree, node.parentId)) {
    seen.add(node.id);
    path.push(node);
  }
  return path.reverse();
}

/** Those with the same parent, itself too, in the order of their making. */
export function siblings<N extends Node>(tree: Tree<N>, node: N): N[] {
  const parent = find(tree, node.parentId);
  if (!parent) return Object.values(tree).filter(({ parentId }) => !find(tree, parentId));
  return children(tree, parent);
}

export const children = <N extends Node>(tree: Tree<N>, node: N): N[] =>
  node.childrenIds.map((id) => find(tree, id)).filter((child) => child !== undefined);

/** The end of the branch that goes on from this message by the newest ones. */
export function newestLeaf<N extends Node>(tree: Tree<N>, node: N): N {
  const seen = new Set<string>();
  let leaf = node;
  while (!seen.has(leaf.id)) {
    seen.add(leaf.id);
    leaf = children(tree, leaf).at(-1) ?? leaf;
  }
  return leaf;
}

/** This message and all below it. */
export function subtree<N extends Node>(tree: Tree<N>, root: N): N[] {
  const found = new Set([root]);
  for (const node of found) for (const child of children(tree, node)) found.add(child);
  return [...found];
}

const find = <N extends Node>(tree: Tree<N>, id: string | null): N | undefined => (id === null ? undefined : tree[id]);
