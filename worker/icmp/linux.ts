/**
 * Numbers of Linux's socket interface on the 64-bit little-endian platforms that the socket engine supports
 * (x64, arm64, riscv64, loong64 share them: include/uapi/asm-generic). Others get the ping command.
 */
export const supportedArchitectures: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

export const AF_INET = 2;
export const AF_INET6 = 10;

export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const IPPROTO_ICMP = 1;
export const IPPROTO_ICMPV6 = 58;

export const SOL_IP = 0;
export const SOL_SOCKET = 1;
export const SOL_IPV6 = 41;
export const SOL_ICMPV6 = 58;
export const SOL_RAW = 255;

export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
/** the old number: a struct timespec of two 64-bit integers, here as in every cmsg that carries it */
export const SO_TIMESTAMPNS = 35;
export const SO_MEMINFO = 55;
/** positions in what SO_MEMINFO gives: memory of packets that wait to be read, its ceiling, packets dropped
 * (SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_RCVBUF, SK_MEMINFO_DROPS) */
export const meminfoRmemAlloc = 0;
export const meminfoRcvbuf = 1;
export const meminfoDrops = 8;
export const IP_MTU_DISCOVER = 10;
export const IP_PMTUDISC_DO = 2;
export const IP_RECVERR = 11;
export const IPV6_RECVERR = 25;
export const ICMP_FILTER = 1;
export const ICMPV6_FILTER = 1;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;

export const CLOCK_REALTIME = 0;

/** `ee_origin` of an error that came in an ICMP or ICMPv6 message, and not from this machine's own stack. */
export const SO_EE_ORIGIN_ICMP = 2;
export const SO_EE_ORIGIN_ICMP6 = 3;

export const EPERM = 1;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const ENOBUFS = 105;
