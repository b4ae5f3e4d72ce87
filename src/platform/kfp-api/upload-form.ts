import { messageOf } from '../../domain/errors.ts'
import { statusError } from '../status.ts'
import type { Asked } from './routes.ts'

/** The file of a multipart upload: its name and bytes, from the field `uploadfile`. INVALID_ARGUMENT where there is none. */
export const uploadedFile = async ({ body, contentType }: Asked): Promise<{ name: string; bytes: Buffer }> => {
  if (!contentType.startsWith('multipart/form-data') || !(body instanceof Uint8Array))
    throw statusError('INVALID_ARGUMENT', 'An upload is a form: send the file as uploadfile in multipart/form-data')
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch((error: unknown) => {
      throw statusError('INVALID_ARGUMENT', `The form cannot be read: ${messageOf(error)}`)
    })
  const file = form.get('uploadfile')
  if (!(file instanceof File)) throw statusError('INVALID_ARGUMENT', 'The form has no file uploadfile')
  return { name: file.name, bytes: Buffer.from(await file.arrayBuffer()) }
}
