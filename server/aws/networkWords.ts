import type { Action, Classified } from './classify.ts'
import { changesSomething, nothingDone } from './words.ts'
import type { Words } from './words.ts'

/** The call did not reach AWS. */
export function networkWords({ nature, code }: Classified, host: string, action: Action): Words {
  const unsent = `The call was not sent. ${nothingDone(action)}`
  switch (nature) {
    case 'dns':
      return {
        name: 'network-dns',
        title: `${host} cannot be found`,
        detail: `The name ${host} does not resolve. ${unsent}`,
        remedy:
          "See whether this machine is online and whether the profile's region or endpoint is spelt right.",
      }
    case 'tls':
      return {
        name: 'network-tls',
        title: 'The connection is not trusted',
        detail: `${host} showed a certificate that this machine does not trust (${code}). ${unsent}`,
        remedy:
          "Behind a proxy that opens TLS, name its authority in AWS_CA_BUNDLE or the profile's ca_bundle; else someone may be in between: don't go on.",
      }
    case 'proxy':
      return {
        name: 'network-proxy',
        title: 'The proxy refused',
        detail: `The proxy did not open a connection to ${host}. ${unsent}`,
        remedy: 'Look at HTTPS_PROXY (its user and password too), or add the host to NO_PROXY.',
      }
    case 'proxy-unreachable':
      return {
        name: 'network-proxy',
        title: 'The proxy cannot be reached',
        detail: `The proxy that HTTPS_PROXY names does not answer. ${unsent}`,
        remedy: 'See whether this machine is online, and look at HTTPS_PROXY.',
      }
    case 'not-aws':
      return {
        name: 'network-not-aws',
        title: 'Something else answered for AWS',
        detail: `The answer from ${host} is not one of AWS: a sign-in page of the network, or a proxy. ${nothingDone(action)}`,
        remedy: 'Open any page in a browser to sign in to the network, then try again.',
      }
    case 'refused':
      return {
        name: 'network-refused',
        title: `${host} is not listening`,
        detail: `Nothing accepts connections at ${host}. ${unsent}`,
        remedy: 'Look at the endpoint and at the proxy settings.',
      }
    default:
      return {
        name: 'network-unreachable',
        title: 'AWS cannot be reached',
        detail: `No connection to ${host} came about. ${unsent}`,
        remedy: 'See whether this machine is online, then try again.',
      }
  }
}

/** It did, or may have, and no answer of use came back. */
export function ambiguousWords({ nature, status }: Classified, host: string, action: Action): Words {
  const what =
    nature === 'server-error'
      ? `AWS answered with an error of its own (${status}).`
      : nature === 'bad-reply'
        ? `The answer from ${host} could not be read.`
        : `The answer from ${host} was lost on the way.`
  if (!changesSomething(action)) {
    return {
      name: 'no-answer',
      title: 'AWS gave no answer',
      detail: `${what} Nothing was changed.`,
      remedy: 'Try again; if it lasts, look at health.aws.amazon.com.',
    }
  }
  return {
    name: 'outcome-unknown',
    title: 'It is not known whether AWS acted',
    detail: `${what} AWS may have carried out ${action.slice(4)}, or not.`,
    remedy: "Check the key again: the user's keys in AWS tell.",
  }
}
