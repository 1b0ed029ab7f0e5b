import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { CheckResponse } from '../../gen/envoy/service/auth/v3/external_auth.ts';

/**
 * Encodes answers, one after another, through one writer: growing a new buffer for each answer costs more than
 * writing it. What it returns is a copy. A writer that threw in the middle of an answer is thrown away.
 */
export function createResponseEncoder(): (response: CheckResponse) => Uint8Array {
  let writer = new BinaryWriter();
  return (response) => {
    try {
      return CheckResponse.encode(response, writer).finish();
    } catch (error) {
      writer = new BinaryWriter();
      throw error;
    }
  };
}
