/*
 * The plan of a session's life, with a crash and a restart of either daemon between any two of its steps.
 *
 * Theory of operation. Two sessions want the one address of a pool, one after the other: whoever grants it too early makes
 * two links with one address. Each daemon is a process that may be crashed before any of its steps; what it remembered is
 * lost, what the store and the kernel have stays. Requests travel in a channel that outlives the service and dies with the
 * helper, as datagrams in a socket's buffer do. A session is named by its number, which is never given twice in a boot.
 *
 * What is checked
 *   two links       no request may put the address on a link while another one has it (assertion in the helper's CONNECT)
 *   intent          no link without a row (the same place), and nobody is handed a session without one
 *   nothing lost    a session whose leader was told that it is in is adopted, never ended, by a restart (assertion in adopt)
 *   every close ends (ltl) what has begun to end leaves no namespace, no link and no row, and the address is free again
 *
 * What is left out, and why that is safe
 *   times           every timer may run out at any moment, except: an address rests for longer than the kernel takes a dead
 *                   namespace's link down (100 ms; the kernel refuses the second link where that was too short)
 *   foreign holders of a namespace: their link is deleted as with the kept connection; only the namespace lives on
 *   the second address of a pair: it is in the same row and on the same link as the first
 *
 * Mutants (-D): each is a plan with one rule taken away, and must fail.
 *   FREE_EARLY       the address is free when the helper has dismantled, before the kernel's word
 *   NO_INTENT        the link is made without waiting for the stored intent
 *   ADOPT_BY_NAME    a restart takes the namespace that the pin leads to for the session's, whatever its number and cookie
 *   KEEP_CONNECTION  connections from inside are not dropped when a session ends
 *   SERVE_FIRST      a restarted service grants before it has held its rows against the kernel
 */
#ifndef SESSIONS
#define SESSIONS 2
#endif
#ifndef SERVICE_CRASHES
#define SERVICE_CRASHES 1
#endif
#ifndef HELPER_CRASHES
#define HELPER_CRASHES 1
#endif
/* A namespace that an administrator mounts where a session's pin was. */
#define FOREIGN SESSIONS
#define NAMESPACES 3
#define NONE 9

mtype = { /* requests */ HELLO, LIST, MAKE, CONNECT, COUNT, KILL, DISMANTLE, UNPIN, DELETE_LINK,
    /* answers and events */ WELCOME, LISTED, MADE, CONNECTED, NOT_CONNECTED, IN_USE, COUNTED, KILLED, DISMANTLED,
    LINK_DELETED, REFUSED, GONE, LOST,
    /* what a row says; ALLOCATED: allocating, and the cookie is known */
    NO_ROW, ALLOCATING, ALLOCATED, ACTIVE, LINGERING, CLOSING, HELD,
    /* where a plan stands */
    PLANNED, PREPARING, DOOMED, CONNECTING, HANDED_OVER, IN_USE_BY_LEADER, COUNTING, UNCOUNTED, UNPINNING, LINGERS, SWEEPING,
    KILLING, PAUSED_KILLING, DISMANTLING, PAUSED_DISMANTLING, AWAITING_WORD, DELETING_LINK, PAUSED_DELETING_LINK,
    RESTING, RELEASING, ENDED,
    /* what the store was asked for, and has done */
    NOTHING, ASKED, DONE, FAILED };

/* Request or answer, session, and the namespace's number or what is answered. */
chan requests = [6] of { mtype, byte, byte };
chan answers = [8] of { mtype, byte, byte };

/* The kernel. What holds a namespace: its pin, processes, descriptors under way, the service's connections, the helper. */
bool alive[NAMESPACES], linked[NAMESPACES], settling[NAMESPACES];
bool leader[NAMESPACES], member[NAMESPACES], descriptor[NAMESPACES], connection[NAMESPACES], helperSocket[NAMESPACES];
byte pin[2] = NONE;
/* The number's end, on its way to the helper. */
bool goneEvent[NAMESPACES];

/* The store: what is on disk, and what the service has asked it to write. */
mtype row[2] = NO_ROW;
mtype intent[2] = NOTHING;
mtype update[2] = NOTHING;
mtype deletion[2] = NOTHING;

/* The service's memory. */
mtype step[2] = PLANNED;
bool hasWord[2], hasCookie[2], isStored[2], isMade[2];
byte number[2];
bool taken;

/* Around it: the opener has the descriptor; it said that it is in, or went away. */
bool handed[2], entered[2], openerGone[2];
/* What was told to somebody, for the assertions alone: the leader is in; the end has begun. */
bool told[2], ending[2];
bool serviceCrash, helperCrash;
/* Whether the helper knows its service; whether it has refused a deletion, once. */
bool isGreeted, hasRefused, isConnecting;
/* What LIST saw. */
bool seen[NAMESPACES], seenLink[NAMESPACES];
byte seenPin[2];

#define PINNED(n) (pin[0] == n || pin[1] == n)
#define HELD_BY_SOMEBODY(n) \
    (PINNED(n) || leader[n] || member[n] || descriptor[n] || connection[n] || helperSocket[n])

inline drain(channel) {
    do
    :: nempty(channel) -> channel?_, _, _
    :: empty(channel) -> break
    od
}

/* Descriptors that nobody has received are closed with the channel or the service. */
inline dropUnderWay() {
    if :: descriptor[0] && !handed[0] -> descriptor[0] = false :: else fi;
    if :: descriptor[1] && !handed[1] -> descriptor[1] = false :: else fi
}

/* ---- the kernel ---- */

#define DEATH(n) \
    :: d_step { alive[n] && !HELD_BY_SOMEBODY(n) -> \
        alive[n] = false; settling[n] = linked[n]; goneEvent[n] = true } \
    :: d_step { settling[n] -> settling[n] = false; linked[n] = false }

active proctype Kernel() {
end:
    do
    DEATH(0)
    DEATH(1)
    DEATH(2)
    od
}

/* ---- processes of the session: the opener, its leader, what that leaves behind ---- */

#define IS_IN_USE(i) (step[i] == IN_USE_BY_LEADER || step[i] == COUNTING || step[i] == LINGERS || step[i] == SWEEPING)

proctype Processes(byte i) {
    bool hasForked, hasConnected;
end:
    do
    :: d_step { handed[i] && descriptor[i] -> leader[i] = true; descriptor[i] = false; entered[i] = true }
    :: d_step { handed[i] && descriptor[i] -> descriptor[i] = false; openerGone[i] = true }
    :: d_step { step[i] == PREPARING && !openerGone[i] -> openerGone[i] = true }
    :: d_step { leader[i] && !hasForked -> hasForked = true; member[i] = true }
    /*
     * Its other end may be passed to somebody outside, and so outlive every member. Not by one who enters when its session
     * was taken back already: that is a foreign holder.
     */
    :: d_step { (leader[i] || member[i]) && !hasConnected && IS_IN_USE(i) ->
        hasConnected = true; connection[i] = true }
    :: d_step { leader[i] -> leader[i] = false }
    :: d_step { member[i] -> member[i] = false }
    od
}

/* Once: unmounts a pin, or mounts another namespace, which has a number too, in its place. */
active proctype Administrator() {
    if
    :: d_step { pin[0] == 0 -> pin[0] = NONE }
#ifndef LIVENESS
    :: d_step { pin[0] == 0 -> alive[FOREIGN] = true; pin[0] = FOREIGN }
#endif
    :: true
    fi
}

/* ---- the disk ---- */

#define WRITES(i) \
    :: intent[i] == ASKED -> \
        if \
        :: d_step { row[i] = ALLOCATING; intent[i] = DONE } \
        :: intent[i] = FAILED \
        fi \
    :: d_step { update[i] != NOTHING && intent[i] != ASKED -> \
        if :: row[i] != NO_ROW -> row[i] = update[i] :: else fi; \
        told[i] = (update[i] == ACTIVE && leader[i]); update[i] = NOTHING } \
    :: d_step { deletion[i] == ASKED && update[i] == NOTHING -> row[i] = NO_ROW; deletion[i] = DONE }

active proctype Disk() {
end:
    do
    WRITES(0)
    WRITES(1)
    od
}

/* ---- the helper ---- */

/* One request; a crash between an effect and its answer is another one than a crash before both. */
#define REQUEST(w) atomic { requests?[w, _, _] && isGreeted -> requests?what, i, n;

active proctype Helper() {
    mtype what;
    byte i, n;
end:
    do
    :: {
endWaiting:
        do
        /* A new service: what was on the way to the last one is lost, what is half made is forgotten. */
        :: atomic { requests?[HELLO, _, _] ->
            requests?what, i, n;
            d_step { drain(answers); helperSocket[0] = false; helperSocket[1] = false; dropUnderWay() }
            isGreeted = true; answers!WELCOME, 0, 0 }
        :: atomic { !isGreeted && nempty(requests) && !requests?[HELLO, _, _] -> requests?what, i, n }
        :: REQUEST(LIST)
            d_step {
                seen[0] = alive[0]; seen[1] = alive[1]; seen[2] = alive[2];
                seenLink[0] = alive[0] && linked[0]; seenLink[1] = alive[1] && linked[1];
                seenPin[0] = pin[0]; seenPin[1] = pin[1]
            }
            answers!LISTED, 0, 0 }
        /* Until it has a pin, it dies with the helper. */
        :: REQUEST(MAKE) alive[i] = true; helperSocket[i] = true }
            pin[i] = i;
            answers!MADE, i, 0
        :: REQUEST(CONNECT)
            if
            :: !helperSocket[i] -> answers!NOT_CONNECTED, i, 0
            :: helperSocket[i] && settling[1 - i] -> answers!IN_USE, i, 0
            :: else ->
                /* The two rules: intent before effect, and an address is never on two links. */
#ifndef NO_INTENT
                assert(row[i] != NO_ROW);
#endif
                assert(!linked[1 - i]);
                linked[i] = true;
                isConnecting = true
            fi }
            /* A link is all that the second session is there for. */
endSecond:  !isConnecting || i == 0;
            if
            :: isConnecting -> d_step { isConnecting = false; helperSocket[i] = false; descriptor[i] = true }
                answers!CONNECTED, i, 0
            :: else
            fi
        :: REQUEST(COUNT) answers!COUNTED, i, (leader[n] || member[n]) }
        :: REQUEST(KILL) leader[n] = false; member[n] = false; answers!KILLED, i, 0 }
        :: REQUEST(UNPIN) pin[i] = NONE }
        :: REQUEST(DISMANTLE) helperSocket[i] = false; pin[i] = NONE }
            answers!DISMANTLED, i, alive[n]
        :: REQUEST(DELETE_LINK)
            if
            :: !hasRefused -> hasRefused = true; what = REFUSED
            :: alive[n] -> linked[n] = false; what = LINK_DELETED
            :: !alive[n] -> what = LINK_DELETED
            fi }
            answers!what, i, 0
        :: atomic { isGreeted && goneEvent[0] -> goneEvent[0] = false; answers!GONE, 0, 0 }
        :: atomic { isGreeted && goneEvent[1] -> goneEvent[1] = false; answers!GONE, 1, 0 }
        :: atomic { isGreeted && goneEvent[2] -> goneEvent[2] = false; answers!GONE, 2, 0 }
        od
    } unless { atomic { helperCrash -> helperCrash = false; isConnecting = false; what = 0; i = 0; n = 0;
        answers!LOST, 0, 0 } }
    od
}

/* ---- the service ---- */

inline dismantle(i) {
    ending[i] = true;
    update[i] = CLOSING;
    /* Sent a moment later: between a write and a request there may be a crash. */
    step[i] = PAUSED_DISMANTLING
}

/* The only way to rest: with the kernel's word. */
inline rest(i) {
    update[i] = HELD;
    step[i] = RESTING
}

inline dropConnections(i) {
#ifndef KEEP_CONNECTION
    connection[i] = false
#else
    skip
#endif
}

/* By one policy for leftovers or the other. */
inline beginEnd(i) {
    ending[i] = true;
    if
    :: step[i] = COUNTING; requests!COUNT, i, number[i]
    :: step[i] = KILLING; requests!KILL, i, number[i]
    fi
}

/* One of the two answers to PREPARING is there. */
inline prepared(i) {
    if
    :: step[i] == PREPARING && isStored[i] && isMade[i] ->
        step[i] = CONNECTING;
        requests!CONNECT, i, number[i]
    :: step[i] == DOOMED && isStored[i] && isMade[i] -> dismantle(i)
    :: else
    fi
}

inline networkGone(i) {
    if
    :: step[i] == HANDED_OVER || step[i] == IN_USE_BY_LEADER || step[i] == COUNTING || step[i] == UNCOUNTED ||
            step[i] == UNPINNING || step[i] == LINGERS || step[i] == SWEEPING || step[i] == KILLING || step[i] == PAUSED_KILLING ->
        hasWord[i] = true;
        dismantle(i)
    :: step[i] == DISMANTLING || step[i] == PAUSED_DISMANTLING || step[i] == CONNECTING -> hasWord[i] = true
    :: step[i] == AWAITING_WORD || step[i] == DELETING_LINK || step[i] == PAUSED_DELETING_LINK -> rest(i)
    :: else
    fi
}

/* An answer counts only in the step that waits for it. */
inline take(what, i, value) {
    if
    :: what == MADE && (step[i] == PREPARING || step[i] == DOOMED) && !isMade[i] ->
        isMade[i] = true;
        hasCookie[i] = true;
        prepared(i)
    :: what == CONNECTED && step[i] == CONNECTING ->
        if
        :: openerGone[i] -> descriptor[i] = false; dismantle(i)
        :: else ->
            assert(row[i] != NO_ROW);
            step[i] = HANDED_OVER;
            update[i] = ALLOCATED;
            handed[i] = true
        fi
    :: (what == NOT_CONNECTED || what == IN_USE) && step[i] == CONNECTING -> dismantle(i)
    :: what == COUNTED && (step[i] == COUNTING || step[i] == SWEEPING) ->
        if
        :: value && step[i] == COUNTING ->
            dropConnections(i);
            update[i] = LINGERING;
            step[i] = UNPINNING
        :: value && step[i] == SWEEPING -> step[i] = LINGERS
        :: else -> dropConnections(i); dismantle(i)
        fi
    :: what == KILLED && step[i] == KILLING -> dropConnections(i); dismantle(i)
    :: what == DISMANTLED && step[i] == DISMANTLING ->
        if
#ifdef FREE_EARLY
        :: true -> rest(i)
#else
        :: hasWord[i] || (!value && !hasCookie[i]) -> rest(i)
        :: else -> step[i] = AWAITING_WORD
#endif
        fi
    :: what == LINK_DELETED && step[i] == DELETING_LINK -> rest(i)
    :: what == REFUSED && step[i] == DELETING_LINK -> step[i] = PAUSED_DELETING_LINK
    :: else
    fi
}

/* The helper has gone: every request under way has failed. */
inline fail(i) {
    if
    :: (step[i] == PREPARING || step[i] == DOOMED) && !isMade[i] -> isMade[i] = true; step[i] = DOOMED; prepared(i)
    :: step[i] == CONNECTING -> step[i] = DOOMED; dismantle(i)
    :: step[i] == COUNTING -> step[i] = UNCOUNTED
    :: step[i] == SWEEPING -> step[i] = LINGERS
    :: step[i] == KILLING -> step[i] = PAUSED_KILLING
    :: step[i] == DISMANTLING -> step[i] = PAUSED_DISMANTLING
    :: step[i] == DELETING_LINK -> step[i] = PAUSED_DELETING_LINK
    :: else
    fi
}

/* Connects to the helper and has it list; again where that is lost on the way. */
inline list() {
    requests!HELLO, 0, 0;
    do
    :: atomic { answers?LOST, n, value -> requests!HELLO, 0, 0 }
    :: atomic { answers?WELCOME, n, value -> requests!LIST, 0, 0 }
    :: atomic { answers?LISTED, n, value -> break }
    :: atomic { nempty(answers) && !answers?[LOST, _, _] && !answers?[WELCOME, _, _] && !answers?[LISTED, _, _] ->
        answers?what, n, value }
    od
}

/* What was seen means nothing afterwards, and would only make more states. */
inline forgetList() {
    d_step {
        seen[0] = false; seen[1] = false; seen[2] = false; seenLink[0] = false; seenLink[1] = false;
        seenPin[0] = NONE; seenPin[1] = NONE; what = 0; n = 0; value = 0
    }
}

/* What the kernel has and no row knows: its link first. Whether that is refused is not looked at. */
inline removeOrphan(i) {
    if
    :: step[i] == PLANNED && row[i] == NO_ROW && intent[i] != ASKED && (seen[i] || seenPin[i] != NONE) ->
        if :: seenLink[i] -> requests!DELETE_LINK, i, i :: else fi;
        requests!DISMANTLE, i, i
    :: else
    fi
}

#ifdef ADOPT_BY_NAME
#define KNOWN(i) (seenPin[i] != NONE)
#else
#define KNOWN(i) (seen[i])
#endif

inline adopt(i) {
    number[i] = i;
    hasCookie[i] = (row[i] != ALLOCATING || seenPin[i] == i);
#ifdef ADOPT_BY_NAME
    if :: seenPin[i] != NONE -> number[i] = seenPin[i] :: else fi;
#endif
    if
    :: row[i] == NO_ROW -> skip
    :: row[i] == HELD -> taken = true; step[i] = RESTING
    :: row[i] == ALLOCATING && KNOWN(i) && !leader[i] && !member[i] -> taken = true; dismantle(i)
    :: (row[i] == ALLOCATED || row[i] == ALLOCATING || row[i] == ACTIVE) && KNOWN(i) && row[i] != ACTIVE &&
            (row[i] == ALLOCATED || leader[i] || member[i]) -> taken = true; beginEnd(i)
    :: row[i] == ACTIVE && KNOWN(i) ->
        taken = true;
        if
        :: leader[i] -> step[i] = IN_USE_BY_LEADER; ending[i] = false
        :: else -> beginEnd(i)
        fi
    :: row[i] == LINGERING && KNOWN(i) -> taken = true; step[i] = UNPINNING
    :: row[i] == CLOSING && KNOWN(i) -> taken = true; dismantle(i)
    /* The kernel does not know the number: that is its word. */
    :: (row[i] == ALLOCATING || row[i] == ALLOCATED || row[i] == ACTIVE || row[i] == LINGERING || row[i] == CLOSING) &&
            !KNOWN(i) ->
        /* A row's leader that lives, in a namespace that the kernel does not know. */
        assert(!(told[i] && leader[i]));
        taken = true;
        hasWord[i] = true;
        dismantle(i)
    fi
}

/* The second session is there to want the address: it goes as far as its link. */
#define OPENING(i) \
    :: atomic { step[i] == PLANNED && !taken && IS_NEXT(i) -> \
        taken = true; number[i] = i; step[i] = PREPARING; intent[i] = ASKED; INTENT_UNAWAITED(i) hasWord[i] = false } \
        requests!MAKE, i, i \
    :: atomic { (step[i] == PREPARING || step[i] == DOOMED) && !isStored[i] && intent[i] == DONE -> \
        isStored[i] = true; prepared(i) } \
    :: atomic { (step[i] == PREPARING || step[i] == DOOMED) && !isStored[i] && intent[i] == FAILED -> \
        isStored[i] = true; step[i] = DOOMED; prepared(i) }

#define LIFE(i) \
    :: atomic { step[i] == PREPARING && openerGone[i] -> step[i] = DOOMED } \
    :: atomic { step[i] == HANDED_OVER && entered[i] -> \
        entered[i] = false; step[i] = IN_USE_BY_LEADER; update[i] = ACTIVE } \
    /* The opener is gone, or has not said for 10 s that it is in. */ \
    :: atomic { step[i] == HANDED_OVER && !entered[i] -> beginEnd(i) } \
    :: atomic { step[i] == IN_USE_BY_LEADER && !leader[i] -> beginEnd(i) } \
    /* Somebody asks for the close. */ \
    :: atomic { step[i] == IN_USE_BY_LEADER && leader[i] -> beginEnd(i) } \
    :: atomic { step[i] == UNCOUNTED -> step[i] = COUNTING; requests!COUNT, i, number[i] } \
    :: atomic { step[i] == UNPINNING -> step[i] = LINGERS; requests!UNPIN, i, number[i] } \
    :: atomic { step[i] == LINGERS -> step[i] = SWEEPING; requests!COUNT, i, number[i] } \
    :: atomic { step[i] == PAUSED_KILLING -> step[i] = KILLING; requests!KILL, i, number[i] } \
    :: atomic { step[i] == PAUSED_DISMANTLING -> step[i] = DISMANTLING; requests!DISMANTLE, i, number[i] } \
    :: atomic { step[i] == AWAITING_WORD || step[i] == PAUSED_DELETING_LINK -> \
        step[i] = DELETING_LINK; requests!DELETE_LINK, i, number[i] } \
    /* Longer than the kernel takes for a dead namespace's link. */ \
    :: d_step { step[i] == RESTING && !settling[i] -> step[i] = RELEASING; deletion[i] = ASKED } \
    :: d_step { step[i] == RELEASING && deletion[i] == DONE -> deletion[i] = NOTHING; step[i] = ENDED; taken = false }

/* One session after the other; a number that was asked for once is never given again. */
#define IS_NEXT(i) (intent[i] == NOTHING && (i == 0 || intent[0] != NOTHING))
#ifdef NO_INTENT
#define INTENT_UNAWAITED(i) isStored[i] = true;
#else
#define INTENT_UNAWAITED(i)
#endif

active proctype Service() {
    mtype what;
    byte n, value;
end:
    do
    :: {
        /* Nothing is served before the rows are held against the kernel. */
#ifndef SERVE_FIRST
        list();
        atomic { adopt(0) }
        if :: SESSIONS > 1 -> atomic { adopt(1) } :: else fi;
        removeOrphan(0); removeOrphan(1);
        forgetList();
#else
        requests!HELLO, 0, 0;
        answers?WELCOME, _, _;
#endif
endServing:
        do
        :: atomic { answers?LOST, n, value -> fail(0); fail(1) }
            list();
            atomic {
                if :: !seen[0] && hasCookie[0] -> networkGone(0) :: else fi;
                if :: !seen[1] && hasCookie[1] -> networkGone(1) :: else fi
            }
            removeOrphan(0); removeOrphan(1);
            forgetList()
        :: atomic { nempty(answers) && !answers?[LOST, _, _] -> answers?what, n, value;
            if
            :: what == GONE ->
                if
                :: number[0] == n && step[0] != PLANNED -> networkGone(0)
                :: number[1] == n && step[1] != PLANNED -> networkGone(1)
                :: else
                fi
            :: what != GONE && n == 0 -> take(what, 0, value)
            :: what != GONE && n == 1 -> take(what, 1, value)
            :: else
            fi;
            what = 0; n = 0; value = 0 }
        OPENING(0)
        LIFE(0)
#if SESSIONS > 1
        OPENING(1)
#endif
        od
    } unless { serviceCrash -> d_step { serviceCrash = false; what = 0; n = 0; value = 0 } }
    od
}

/* ---- crashes, at any moment ---- */

/* Its descriptors and connections close with it; what the disk has not begun is never written. */
inline crashService() {
    d_step {
        serviceCrash = true;
        taken = false;
        step[0] = PLANNED; step[1] = PLANNED; number[0] = 0; number[1] = 0;
        hasWord[0] = false; hasWord[1] = false; hasCookie[0] = false; hasCookie[1] = false;
        isStored[0] = false; isStored[1] = false; isMade[0] = false; isMade[1] = false;
        entered[0] = false; entered[1] = false; openerGone[0] = false; openerGone[1] = false;
        dropUnderWay();
        connection[0] = false; connection[1] = false;
        if :: intent[0] == ASKED -> intent[0] = FAILED :: else fi;
        if :: intent[1] == ASKED -> intent[1] = FAILED :: else fi;
        update[0] = NOTHING; update[1] = NOTHING; deletion[0] = NOTHING; deletion[1] = NOTHING
    }
}

inline crashHelper() {
    d_step {
        helperCrash = true;
        isGreeted = false;
        drain(requests);
        helperSocket[0] = false; helperSocket[1] = false;
        goneEvent[0] = false; goneEvent[1] = false; goneEvent[2] = false
    }
}

active proctype Crashes() {
    byte services, helpers;
    do
    :: services < SERVICE_CRASHES && !serviceCrash -> atomic { services++; crashService() }
    :: helpers < HELPER_CRASHES && !helperCrash -> atomic { helpers++; crashHelper() }
    :: break
    od
}

init {
    atomic {
        run Processes(0)
    }
}

#ifdef LIVENESS
ltl everyCloseEnds { [] (ending[0] -> <> (!ending[0] || (!alive[0] && !linked[0] && row[0] == NO_ROW && !taken))) }
#endif
