/** A started operation: done at once with its result, or to be asked for by name. */
export type Operation<T> = { readonly done: true; readonly result: T } | { readonly done: false; readonly name: string }

/** An operation that was started, here or before a crash. One that the target has forgotten is done: look at what it made. */
export interface OperationView {
  readonly done: boolean
  readonly error: string | null
}

export interface Operations {
  operation(name: string, signal: AbortSignal): Promise<OperationView>
}
