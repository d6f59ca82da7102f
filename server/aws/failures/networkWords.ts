import type { Action, Classified } from './classify.ts'
import { changesSomething, nothingDone, perhapsDone } from './words.ts'
import type { Words } from './words.ts'

/** The call did not reach AWS. */
export function networkWords({ way, localCode }: Classified, host: string, action: Action): Words {
  const unsent = `The call was not sent. ${nothingDone(action)}`
  const why = localCode ? ` (${localCode})` : ''
  switch (way) {
    case 'lookup':
      return {
        name: 'network-dns',
        title: `${host} cannot be found`,
        detail: `The name ${host} does not resolve${why}. ${unsent}`,
        remedy:
          "See whether this machine is online and whether the profile's region or endpoint is spelt right.",
      }
    case 'certificate':
      return {
        name: 'network-tls',
        title: 'The connection is not trusted',
        detail: `${host} showed a certificate that this machine does not trust${why}. ${unsent}`,
        remedy:
          "Behind a proxy that opens TLS, name its authority in AWS_CA_BUNDLE or the profile's ca_bundle; else someone may be in between: don't go on.",
      }
    case 'handshake':
      return {
        name: 'network-tls-handshake',
        title: `${host} does not speak TLS as AWS does`,
        detail: `What answers at ${host} did not open a TLS connection${why}: it may speak plain http. ${unsent}`,
        remedy: 'Look at the endpoint (http or https, and its port) and at the proxy settings.',
      }
    case 'proxy-refused':
      return {
        name: 'network-proxy',
        title: 'The proxy refused',
        detail: `The proxy did not open a connection to ${host}${why}. ${unsent}`,
        remedy: 'Look at HTTPS_PROXY (its user and password too), or add the host to NO_PROXY.',
      }
    case 'proxy-unreachable':
      return {
        name: 'network-proxy',
        title: 'The proxy cannot be reached',
        detail: `The proxy that HTTPS_PROXY names does not answer${why}. ${unsent}`,
        remedy: 'See whether this machine is online, and look at HTTPS_PROXY.',
      }
    case 'refused':
      return {
        name: 'network-refused',
        title: `${host} is not listening`,
        detail: `Nothing accepts connections at ${host}${why}. ${unsent}`,
        remedy: 'Look at the endpoint and at the proxy settings.',
      }
    default:
      return {
        name: 'network-unreachable',
        title: `${host} cannot be reached`,
        detail: `No connection to ${host} came about${why}. ${unsent}`,
        remedy: 'See whether this machine is online, then try again.',
      }
  }
}

/** It was sent, and no answer came that is AWS's and tells whether it acted. */
export function ambiguousWords(found: Classified, host: string, action: Action): Words {
  const { title, detail, remedy } = unanswered(found, host)
  if (!changesSomething(action)) {
    const name = title === undefined ? 'no-answer' : 'network-not-aws'
    return {
      name,
      title: title ?? `${host} gave no answer`,
      detail: `${detail} Nothing was changed.`,
      remedy,
    }
  }
  return {
    name: 'outcome-unknown',
    title: title ?? 'It is not known whether AWS acted',
    detail: `${detail} ${perhapsDone(action)}`,
    remedy: "Check the key again: the user's keys in AWS tell.",
  }
}

/** What came, and what helps; a title where it was somebody else who answered. */
function unanswered(
  { way, status, localCode }: Classified,
  host: string,
): { readonly title?: string; readonly detail: string; readonly remedy: string } {
  switch (way) {
    case 'not-iam':
      return {
        title: `${host} does not speak IAM`,
        detail: `What answers at ${host} (status ${status}) is not IAM: it sent no answer of IAM's.`,
        remedy: 'Look at the endpoint that is set for this profile; something before it may have answered.',
      }
    case 'not-aws':
      return {
        title: 'Something else answered for AWS',
        detail: `The answer from ${host} (status ${status}) is not AWS's: a sign-in page of the network, a filter, or a proxy.`,
        remedy: 'Open any page in a browser to sign in to the network, then try again.',
      }
    case 'proxy-password':
      return {
        title: 'The proxy wants a password',
        detail: `The proxy answered for ${host} (status 407).`,
        remedy: 'Look at HTTP_PROXY, its user and password too, or add the host to NO_PROXY.',
      }
    case 'server-error':
      return {
        detail: `${host} answered with an error of its own (${status}).`,
        remedy: 'Try again in a few minutes.',
      }
    case 'too-long':
      return {
        detail: `The answer from ${host} was far longer than any of IAM's and was not read to its end.`,
        remedy: 'Look at the endpoint and at the proxy settings.',
      }
    case 'unclear':
      return {
        detail: `The answer from ${host} could not be read.`,
        remedy: 'Try again; if it lasts, look at what lies between this machine and AWS.',
      }
    default:
      return {
        detail: `The answer from ${host} was lost on the way${localCode ? ` (${localCode})` : ''}.`,
        remedy: 'Try again; if it lasts, see whether AWS reports an outage.',
      }
  }
}
