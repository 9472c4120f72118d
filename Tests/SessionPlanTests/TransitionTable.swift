/// Every situation against every event: a row a situation, a column an event, a cell the code of the outcome.
///
/// A dot: no action, and the step stays. The codes stand in `Outcome`, the columns in `Column`.
enum TransitionTable {
    static let unasked = """
                              iS iF nM nF cN cF cU e1 e2 l1 l2 oG xo xi ko ki wo wi
        planned               .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        adopted               .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        preparing             t1 f1 t2 f2 .  .  .  .  .  .  .  o1 c1 c1 c1 c1 c1 c1
        namespaceMade         cn f3 .  .  .  .  .  .  .  .  .  o2 c2 c2 c2 c2 c2 c2
        intentStored          .  .  cn f4 .  .  .  .  .  .  .  o3 c3 c3 c3 c3 c3 c3
        doomedBoth            d1 d1 d2 d2 .  .  .  .  .  .  .  .  .  .  .  .  .  .
        doomedTransaction     dm dm .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        doomedNamespace       .  .  dm dm .  .  .  .  .  .  .  .  .  .  .  .  .  .
        connecting            .  .  .  .  ho f5 f6 .  .  .  .  o4 c4 c4 c4 c4 c4 c4
        connectingReserve     .  .  .  .  rs f5 f6 .  .  .  .  o4 c4 c4 c4 c4 c4 c4
        connectingDoomed      .  .  .  .  dm dm q1 .  .  .  .  .  .  .  .  .  .  .
        handedOver            .  .  .  .  .  .  .  e1 e2 .  .  no n0 n0 k0 lv n0 n0
        handedOverKill        .  .  .  .  .  .  .  e1 e2 .  .  ko k0 lv k0 lv n0 n0
        reserved              .  .  .  .  .  .  .  e1 e2 .  .  .  n0 n0 k0 lv n0 n0
        reservedKill          .  .  .  .  .  .  .  e1 e2 .  .  .  k0 lv k0 lv n0 n0
        active                .  .  .  .  .  .  .  .  e+ nl .  .  n0 n0 k0 lv n0 n0
        activeKill            .  .  .  .  .  .  .  .  e+ kl .  .  k0 lv k0 lv n0 n0
        activeTwo             .  .  .  .  .  .  .  .  .  la lb .  n0 .  k0 .  n0 .
        activeTwoKill         .  .  .  .  .  .  .  .  .  la lb .  k0 .  k0 .  n0 .
        leaving               .  .  .  .  .  .  .  .  .  k1 .  .  k1 .  k1 .  n1 n1
        counting              .  .  .  .  .  .  .  .  .  .  .  .  .  .  kr kr .  .
        uncounted             .  .  .  .  .  .  .  .  .  .  .  .  .  .  kr kr .  .
        lingering             .  .  .  .  .  .  .  .  .  .  .  .  st st kx kx st st
        sweeping              .  .  .  .  .  .  .  .  .  .  .  .  st st kx kx st st
        killing               .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        killingAgain          .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        pausedKilling         .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        dismantling           .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        dismantlingWord       .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        dismantlingInUse      .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        dismantlingIsolated   .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        pausedDismantling     .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        pausedDismantlingWord .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        awaitingWord          .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        awaitingWordIsolated  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        deletingLink          .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        deletingLinkInUse     .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        deletingLinkIsolated  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        pausedDeletingLink    .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        held                  .  .  .  .  .  .  .  .  .  .  .  .  st st st st st st
        quarantined           .  .  .  .  .  .  .  .  .  .  .  .  st st st st st st
        ended                 .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        """

    static let answersAndTimers = """
                              m0 m3 mF mK mI dD dA dF nG lD lF tE tW tR tS tH
        planned               .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        adopted               .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        preparing             .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        namespaceMade         .  .  .  .  .  .  .  .  g2 .  .  .  .  .  .  .
        intentStored          .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        doomedBoth            .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        doomedTransaction     .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        doomedNamespace       .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        connecting            .  .  .  .  .  .  .  .  g4 .  .  .  .  .  .  .
        connectingReserve     .  .  .  .  .  .  .  .  g4 .  .  .  .  .  .  .
        connectingDoomed      .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        handedOver            .  .  .  .  .  .  .  .  g0 .  .  nn .  .  .  .
        handedOverKill        .  .  .  .  .  .  .  .  g0 .  .  kn .  .  .  .
        reserved              .  .  .  .  .  .  .  .  g0 .  .  .  .  .  .  .
        reservedKill          .  .  .  .  .  .  .  .  g0 .  .  .  .  .  .  .
        active                .  .  .  .  .  .  .  .  g0 .  .  .  .  .  .  .
        activeKill            .  .  .  .  .  .  .  .  g0 .  .  .  .  .  .  .
        activeTwo             .  .  .  .  .  .  .  .  g0 .  .  .  .  .  .  .
        activeTwoKill         .  .  .  .  .  .  .  .  g0 .  .  .  .  .  .  .
        leaving               .  .  .  .  .  .  .  .  g1 .  .  .  .  k1 .  .
        counting              m0 li un .  .  .  .  .  g1 .  .  .  .  .  .  .
        uncounted             .  .  .  .  .  .  .  .  g1 .  .  .  .  nr .  .
        lingering             .  .  .  .  .  .  .  .  gx .  .  .  .  .  sw .
        sweeping              mx lx lx .  .  .  .  .  gx .  .  .  .  .  .  .
        killing               .  .  .  m0 pk .  .  .  g1 .  .  .  .  .  .  .
        killingAgain          .  .  .  m0 pq .  .  .  g1 .  .  .  .  .  .  .
        pausedKilling         .  .  .  .  .  .  .  .  g1 .  .  .  .  ka .  .
        dismantling           .  .  .  .  .  gn aw pd dw .  .  .  .  .  .  .
        dismantlingWord       .  .  .  .  .  gn gn pw .  .  .  .  .  .  .  .
        dismantlingInUse      .  .  .  .  .  gq aw pd dw .  .  .  .  .  .  .
        dismantlingIsolated   .  .  .  .  .  gi aw pd dw .  .  .  .  .  .  .
        pausedDismantling     .  .  .  .  .  .  .  .  pg .  .  .  .  da .  .
        pausedDismantlingWord .  .  .  .  .  .  .  .  .  .  .  .  .  db .  .
        awaitingWord          .  .  .  .  .  .  .  .  gn .  .  .  dl .  .  .
        awaitingWordIsolated  .  .  .  .  .  .  .  .  gi .  .  .  dl .  .  .
        deletingLink          .  .  .  .  .  .  .  .  gn gn pl .  .  .  .  .
        deletingLinkInUse     .  .  .  .  .  .  .  .  gq gq pl .  .  .  .  .
        deletingLinkIsolated  .  .  .  .  .  .  .  .  gi gi pl .  .  .  .  .
        pausedDeletingLink    .  .  .  .  .  .  .  .  gn .  .  .  .  dx .  .
        held                  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  fr
        quarantined           .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  fr
        ended                 .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        """

    /// The cells by situation and column.
    static let cells: [String: [String: String]] = {
        var cells: [String: [String: String]] = [:]
        for table in [unasked, answersAndTimers] {
            let lines = table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            let heads = lines[0]
            for line in lines.dropFirst() where line.count == heads.count + 1 {
                for (head, cell) in zip(heads, line.dropFirst()) { cells[line[0], default: [:]][head] = cell }
            }
        }
        return cells
    }()
}
