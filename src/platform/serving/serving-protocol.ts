/** What the model server asks of its worker thread; `id` comes back in the reply. */
export type ServingRequest =
  | { readonly kind: 'load'; readonly id: number; readonly model: number; readonly graph: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: 'predict'
      readonly id: number
      readonly model: number
      readonly output: string
      readonly rows: number
      readonly numeric: Float32Array<ArrayBuffer>
      readonly categorical: readonly string[]
    }
  | { readonly kind: 'unload'; readonly id: number; readonly model: number }

export type ServingReply =
  | { readonly id: number; readonly values: Float32Array<ArrayBuffer> }
  | { readonly id: number; readonly error: string }
