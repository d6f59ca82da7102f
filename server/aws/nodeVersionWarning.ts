// The SDK warns on standard error, at the first client, of the Node versions it will drop: for those who update it, not for
// those who run Keyturn. The lockfile pins a version that takes Node 20.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
