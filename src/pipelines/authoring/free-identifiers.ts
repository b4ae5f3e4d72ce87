import type {
  AnonymousFunctionDeclaration,
  AnyNode,
  ArrowFunctionExpression,
  FunctionDeclaration,
  FunctionExpression,
  Pattern,
} from 'acorn'

/** A name that a function uses and does not declare, and where, counted from 1. */
export interface FreeIdentifier {
  readonly name: string
  readonly line: number
  readonly column: number
}

interface Scope {
  readonly names: Set<string>
  readonly parent: Scope | null
  /** Where `var` and functions go. */
  readonly isFunction: boolean
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

const childrenOf = (node: AnyNode): readonly AnyNode[] =>
  Object.values(node).flatMap((value) => (Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []))

const namesOf = (pattern: Pattern | null): readonly string[] => {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        namesOf(property.type === 'RestElement' ? property.argument : property.value),
      )
    case 'ArrayPattern':
      return pattern.elements.flatMap(namesOf)
    case 'AssignmentPattern':
      return namesOf(pattern.left)
    case 'RestElement':
      return namesOf(pattern.argument)
    default:
      return []
  }
}

type FunctionNode = ArrowFunctionExpression | FunctionDeclaration | AnonymousFunctionDeclaration | FunctionExpression

const isFunction = (node: AnyNode): node is FunctionNode =>
  node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'

/** Declares what is declared directly in a scope: names are known before their line is reached. */
const declare = (node: AnyNode, scope: Scope, top: boolean): void => {
  if (node.type === 'VariableDeclaration') {
    const hoists = node.kind === 'var'
    if (top || hoists) for (const { id } of node.declarations) for (const name of namesOf(id)) scope.names.add(name)
  }
  if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && top && node.id)
    scope.names.add(node.id.name)
  if (isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return
  // Only `var` comes up out of inner blocks.
  for (const child of childrenOf(node)) if (scope.isFunction) declare(child, scope, false)
}

const opensScope = (node: AnyNode): boolean =>
  ['BlockStatement', 'ForStatement', 'ForInStatement', 'ForOfStatement', 'SwitchStatement', 'StaticBlock'].includes(
    node.type,
  )

const isKnown = (name: string, scope: Scope | null): boolean =>
  scope !== null && (scope.names.has(name) || isKnown(name, scope.parent))

/** The names that are read or written somewhere, and declared neither around nor by JavaScript and Node. */
export const freeIdentifiers = (root: AnyNode, globals: ReadonlySet<string>): readonly FreeIdentifier[] => {
  const found: FreeIdentifier[] = []

  const use = (node: AnyNode & { type: 'Identifier' }, scope: Scope): void => {
    if (isKnown(node.name, scope) || globals.has(node.name)) return
    found.push({ name: node.name, line: node.loc?.start.line ?? 1, column: (node.loc?.start.column ?? 0) + 1 })
  }

  const visitAll = (nodes: readonly AnyNode[], scope: Scope): void => {
    for (const node of nodes) visit(node, scope)
  }

  const inner = (parent: Scope, names: readonly string[], isFunctionScope: boolean): Scope => ({
    names: new Set(names),
    parent,
    isFunction: isFunctionScope,
  })

  const visitFunction = (node: FunctionNode, scope: Scope): void => {
    const own = node.type === 'FunctionExpression' && node.id ? [node.id.name] : []
    const known = node.type === 'ArrowFunctionExpression' ? own : [...own, 'arguments']
    const within = inner(scope, [...known, ...node.params.flatMap(namesOf)], true)
    for (const child of node.body.type === 'BlockStatement' ? node.body.body : []) declare(child, within, true)
    for (const parameter of node.params) visitPattern(parameter, within)
    visitAll(node.body.type === 'BlockStatement' ? node.body.body : [node.body], within)
  }

  /** Of a pattern only defaults and computed keys are read. */
  const visitPattern = (pattern: AnyNode, scope: Scope): void => {
    if (pattern.type === 'Identifier') use(pattern, scope)
    else visit(pattern, scope)
  }

  const visit = (node: AnyNode, scope: Scope): void => {
    if (isFunction(node)) visitFunction(node, scope)
    else if (opensScope(node)) visitBlock(node, scope)
    else visitOther(node, scope)
  }

  const visitBlock = (node: AnyNode, scope: Scope): void => {
    const within = inner(scope, [], false)
    for (const child of childrenOf(node)) {
      declare(child, within, true)
      if (child.type === 'SwitchCase') for (const statement of child.consequent) declare(statement, within, true)
    }
    visitAll(childrenOf(node), within)
  }

  const visitOther = (node: AnyNode, scope: Scope): void => {
    switch (node.type) {
      case 'Identifier':
        use(node, scope)
        return
      case 'MemberExpression':
        visit(node.object, scope)
        if (node.computed) visit(node.property, scope)
        return
      case 'Property':
      case 'PropertyDefinition':
      case 'MethodDefinition':
        if (node.computed) visit(node.key, scope)
        if (node.value) visit(node.value, scope)
        return
      case 'LabeledStatement':
        visit(node.body, scope)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const within = inner(scope, node.id ? [node.id.name] : [], false)
        if (node.superClass) visit(node.superClass, scope)
        visit(node.body, within)
        return
      }
      case 'CatchClause': {
        const within = inner(scope, namesOf(node.param ?? null), false)
        if (node.param) visitPattern(node.param, within)
        visit(node.body, within)
        return
      }
    }
    visitAll(childrenOf(node), scope)
  }

  visit(root, { names: new Set(), parent: null, isFunction: true })
  return found
}
