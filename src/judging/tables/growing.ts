/** Numbers that come one by one, in a typed array that doubles when it is full. */
export interface Growing<T extends Int32Array | Float64Array> {
  push(value: number): void
  /** What has come so far, in an array of its own length. */
  finish(): T
}

const growing = <T extends Int32Array | Float64Array>(make: (length: number) => T): Growing<T> => {
  let values = make(1_024)
  let length = 0
  return {
    push: (value) => {
      if (length === values.length) {
        const larger = make(2 * length)
        larger.set(values)
        values = larger
      }
      values[length++] = value
    },
    finish: () => values.slice(0, length) as T,
  }
}

export const growingIntegers = (): Growing<Int32Array> => growing((length) => new Int32Array(length))
export const growingNumbers = (): Growing<Float64Array> => growing((length) => new Float64Array(length))
