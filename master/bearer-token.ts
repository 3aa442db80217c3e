/** What a token may be made of, to be sent in a header: visible ASCII (RFC 9110 section 5.5). */
export const tokenPattern = /^[\x21-\x7e]+$/;
