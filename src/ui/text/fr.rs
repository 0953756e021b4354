//! French.

pub(super) use super::factors::fr::{FACTOR_PAGES, FACTORS};
use super::*;

pub(super) static ENTER: EnterTexts = EnterTexts {
    sign_in: "Se connecter",
    sign_in_lead: "Bon retour.",
    sign_up: "Créer un compte",
    sign_up_lead: "Un nom et un mot de passe. Rien de plus.",
    sign_up_button: "Créer le compte",
    username: "Nom d’utilisateur",
    password: "Mot de passe",
    password_rule: |n| format!("Au moins {n} caractères. Plusieurs mots à la suite, c’est l’idéal."),
    show_password: "Afficher le mot de passe",
    caps_lock: "Le verrouillage des majuscules est activé.",
    remember: "Garder ma session ouverte",
    no_account: "Pas encore de compte ?",
    have_account: "Déjà un compte ?",
    closed: "Les nouveaux comptes sont créés par l’administration de ce site.",
    closed_title: "Inscriptions fermées",
    closed_lead: "Seule l’administration de ce site crée des comptes. Adressez-vous à elle.",
    invited: "Les nouveaux comptes se font sur invitation.",
    invited_title: "Inscription sur invitation",
    invited_lead: "Pour créer un compte, il vous faut un lien de l’administration de ce site. Adressez-vous à elle.",
    forgot: "Mot de passe oublié ?",
};

pub(super) static STRENGTH: StrengthTexts = StrengthTexts {
    missing: |n| match n {
        1 => "Il manque encore 1 caractère.".into(),
        _ => format!("Il manque encore {n} caractères."),
    },
    common: "Facile à deviner. Choisissez-en un autre.",
    fair: "Pas mal. Plus long, c’est mieux.",
    good: "Bien : difficile à deviner.",
    strong: "Très bien : très difficile à deviner.",
};

pub(super) static FRAME: FrameTexts = FrameTexts {
    description: "Voyez tous les appareils où votre session est ouverte, et déconnectez chacun d’eux.",
    skip_to_content: "Aller au contenu",
    sign_out: "Se déconnecter",
    signing_out: "Déconnexion…",
    resuming: "Reprise de votre session…",
    failed: "Cette page ne peut pas être affichée pour l’instant",
    refused: "Cela n’a pas été accepté",
    go_on: "Continuer",
    retry: "Réessayer",
    unreachable: "Le service est injoignable pour l’instant. Nous réessayons.",
    offline: "Vous êtes hors ligne. Ce que vous voyez a pu changer.",
    close: "Fermer",
    navigation: "Vos pages",
    devices: "Appareils",
    activity: "Activité",
    account: "Compte",
    signed_in_as: "Session au nom de",
};

pub(super) static PREFERENCES: PreferencesTexts = PreferencesTexts {
    language: "Langue",
    theme: "Apparence",
    system: "Comme le système",
    light: "Clair",
    dark: "Sombre",
    apply: "Appliquer",
};

pub(super) static DEVICES: DevicesTexts = DevicesTexts {
    title: "Vos appareils",
    lead: "Partout où votre session est ouverte. Déconnectez les appareils que vous ne reconnaissez pas.",
    list: "Appareils connectés",
    this_device: "Cet appareil",
    unknown: "Appareil inconnu",
    only_this: "Votre session n’est ouverte nulle part ailleurs.",
    active_now: "Actif maintenant",
    last_active: "Dernière activité",
    signed_in: "Depuis le",
    ends_unused: |unused, latest| format!("Prend fin {unused} sans utilisation, {latest} au plus tard"),
    ends: |latest| format!("Prend fin {latest}"),
    address: "Adresse",
    sign_out: "Déconnecter",
    sign_out_others: "Déconnecter tous les autres appareils",
    sign_out_everywhere: "Se déconnecter partout",
    select: "Sélectionner plusieurs appareils",
    select_done: "Terminer la sélection",
    sign_out_selected: |n| match n {
        0 => "Déconnecter les appareils sélectionnés".into(),
        1 => "Déconnecter 1 appareil sélectionné".into(),
        _ => format!("Déconnecter {n} appareils sélectionnés"),
    },
    cancel: "Annuler",
    rename: "Renommer",
    name: "Nom de l’appareil",
    save: "Enregistrer",
    browser_on_system: |browser, system| format!("{browser} sur {system}"),
    rename_one: |device| format!("Renommer {device}"),
    sign_out_one: |device| format!("Déconnecter {device}"),
    select_one: |device| format!("Sélectionner {device}"),
    end_one_title: |device| format!("Déconnecter {device} ?"),
    end_one: "L’appareil perd l’accès aussitôt. La personne qui l’utilise devra se reconnecter.",
    end_several_title: |n| match n {
        1 => "Déconnecter 1 appareil ?".into(),
        _ => format!("Déconnecter {n} appareils ?"),
    },
    end_several: "Ces appareils perdent l’accès aussitôt. Les personnes qui les utilisent devront se reconnecter.",
    end_others_title: "Déconnecter tous les autres appareils ?",
    end_others: |n| match n {
        1 => "Un autre appareil perd l’accès aussitôt. Votre session reste ouverte ici.".into(),
        _ => format!("{n} autres appareils perdent l’accès aussitôt. Votre session reste ouverte ici."),
    },
    end_everywhere_title: "Se déconnecter partout ?",
    end_everywhere: "Tous les appareils perdent l’accès aussitôt, celui-ci aussi. Vous devrez vous reconnecter.",
    not_you: "Pas vous ?",
    came: |device| format!("{device} vient de se connecter."),
    ended_one: |device| format!("{device} est déconnecté."),
    ended_several: |n| match n {
        1 => "1 appareil est déconnecté.".into(),
        _ => format!("{n} appareils sont déconnectés."),
    },
    ended_others: "Tous les autres appareils sont déconnectés.",
    renamed: |from, to| format!("Renommé de {from} en {to}."),
    not_ended: |device, why| format!("{device} est encore connecté. {why}"),
    others_not_ended: |why| format!("Les appareils sont encore connectés. {why}"),
};

pub(super) static ACCOUNT: AccountTexts = AccountTexts {
    title: "Votre compte",
    since: "Membre depuis",
    password_changed: "Dernier changement du mot de passe",
    change_password: "Changer le mot de passe",
    change_lead: "Tous les autres appareils seront déconnectés. Celui-ci reste connecté.",
    not_me_ended: "L’autre appareil est déconnecté. Choisissez maintenant un nouveau mot de passe, pour que personne ne se \
                   connecte plus avec l’ancien.",
    not_me_over: "Choisissez un nouveau mot de passe. Une personne qui connaît l’ancien peut se reconnecter.",
    not_me_guessed: "Aucun de ces mots de passe n’était le bon. Si le vôtre est facile à deviner, ou utilisé ailleurs, choisissez-en un \
                     nouveau.",
    current: "Mot de passe actuel",
    new: "Nouveau mot de passe",
    changed: "Votre mot de passe est changé. Tous les autres appareils sont déconnectés.",
    data: "Vos données",
    data_lead: "Tout ce qui est conservé sur vous : compte, appareils et activité, dans un fichier JSON.",
    download: "Télécharger",
    file: "latchkey-donnees.json",
    delete: "Supprimer le compte",
    delete_lead: "Compte, appareils et activité sont effacés aussitôt et ne peuvent pas être rétablis.",
    delete_open: "Supprimer mon compte…",
    delete_password: "Votre mot de passe, pour confirmer",
    delete_button: "Supprimer définitivement",
};

pub(super) static ACTIVITY: ActivityTexts = ActivityTexts {
    title: "Votre activité",
    lead: "Ce qui s’est passé sur votre compte, le plus récent d’abord.",
    filter: "Affichage",
    all: "Tout",
    sign_ins: "Connexions",
    warnings: "Alertes",
    warning: "À vérifier",
    none: "Aucun événement.",
    older: "Plus ancien",
    newest: "Plus récent",
    news: "Nouvelle activité.",
    show_news: "Afficher",
    not_me: "Ce n’était pas moi",
    other_side: "Utilisation précédente :",
    from: |device| format!("depuis {device}"),
    happened: HappenedTexts {
        signed_up: "Compte créé",
        signed_in: "Connexion",
        wrong_passwords: |n| match n {
            1 => "Un mauvais mot de passe a été saisi".into(),
            _ => format!("{n} mauvais mots de passe ont été saisis"),
        },
        wrong_then_signed_in: |n| match n {
            1 => "1 mauvais mot de passe, puis connexion".into(),
            _ => format!("{n} mauvais mots de passe, puis connexion"),
        },
        wrong_then_right: |n| match n {
            1 => "1 mauvais mot de passe, puis le bon".into(),
            _ => format!("{n} mauvais mots de passe, puis le bon"),
        },
        sign_ins_blocked: "Connexions suspendues un moment après trop de mauvais mots de passe",
        signed_out: "Déconnexion",
        session_ended: "Un appareil a été déconnecté",
        session_ended_of: |device| format!("{device} a été déconnecté"),
        session_ended_because: |device, why| format!("{device} a été déconnecté : {why}"),
        some_session_ended_because: |why| format!("Un appareil a été déconnecté : {why}"),
        replaced: "nouvelle connexion dans le même navigateur",
        too_many: "trop d’appareils",
        by_operator: "par l’administration de ce site",
        by_password: "mot de passe changé",
        session_renamed: "Un appareil a été renommé",
        session_renamed_of: |device| format!("{device} a été renommé"),
        session_renamed_from_to: |before, after| format!("{before} a été renommé en {after}"),
        forked: "L’appareil a renouvelé sa connexion après une coupure du réseau",
        reused: "Quelqu’un a peut-être copié cette connexion. Nous l’avons fermée.",
        password_changed: "Mot de passe changé",
        password_set: "L’administration de ce site a défini un nouveau mot de passe",
        link_made: "L’administration de ce site a créé un lien pour choisir un nouveau mot de passe",
        password_reset: "Un nouveau mot de passe a été choisi avec un lien",
    },
};

pub(super) static NOT_ME: NotMeTexts = NotMeTexts {
    title: "Si ce n’était pas vous",
    then: "Choisissez ensuite un nouveau mot de passe, pour que personne ne se connecte plus avec l’ancien.",
};

pub(super) static LINKS: LinksTexts = LinksTexts {
    reset_title: "Choisir un nouveau mot de passe",
    reset_lead: |name| format!("Pour le compte {name}. Tous ses appareils seront alors déconnectés."),
    reset_done_title: "Votre mot de passe est changé",
    reset_done: "Tous les appareils sont déconnectés. Connectez-vous avec le nouveau mot de passe.",
    invite_lead: |name| format!("Vous avez une invitation. Votre nom ici est {name}. Choisissez un mot de passe."),
    invite_done_title: "Votre compte est prêt",
    invite_done: "Connectez-vous avec votre nom et le mot de passe choisi.",
    invalid_title: "Ce lien n’est pas valable",
    reset_invalid: "Il a peut-être déjà servi, ou il est trop ancien ou incomplet. S’il vous faut encore un nouveau mot de passe, demandez un nouveau lien.",
    invite_invalid: "Il a peut-être déjà servi, ou il est trop ancien ou incomplet. Demandez un nouveau lien à qui vous a fait l’invitation.",
    forgot_lead: "L’administration de ce site peut vous donner un lien pour en choisir un nouveau. Adressez-vous à elle.",
    contact: "Voici comment la joindre :",
};

pub(super) static CONFIRM: ConfirmTexts = ConfirmTexts {
    title: "Confirmez votre identité",
    lead: "Votre connexion date d’il y a un moment. Saisissez votre mot de passe pour continuer.",
    confirm: "Confirmer",
    confirmed: "Votre mot de passe est confirmé. Aucun appareil n’a encore été déconnecté : recommencez la déconnexion.",
};

pub(super) static MISSING: MissingTexts = MissingTexts {
    title: "Page introuvable",
    lead: "Il n’y a pas de page à cette adresse. Vérifiez qu’elle est bien écrite.",
    home: "Aller à vos appareils",
};

pub(super) static PROBLEMS: ProblemsTexts = ProblemsTexts {
    validation_failed: "Quelque chose dans le formulaire est à revoir.",
    invalid_credentials: "Le nom d’utilisateur ou le mot de passe est incorrect.",
    wrong_password: "Le mot de passe est incorrect.",
    session_ended: "Votre session est terminée. Reconnectez-vous.",
    session_revoked: "Votre session a été fermée depuis un autre appareil. Reconnectez-vous.",
    refresh_reused: "Quelqu’un a peut-être copié cette connexion, alors nous l’avons fermée. Reconnectez-vous et vérifiez \
                     vos appareils.",
    insufficient_scope: "Vous n’avez pas le droit de faire cela.",
    reauthentication_required: "Saisissez votre mot de passe pour continuer.",
    forbidden_origin: "Votre navigateur n’a pas indiqué que cette demande venait de ce site\u{a0}: rien n’a été modifié. Rouvrez la \
                       page et recommencez. Si cela ne suffit pas, une extension ou un proxy supprime peut-être les en-têtes \
                       Origin et Sec-Fetch-Site.",
    opened_elsewhere: "Cette page a été ouverte à une autre adresse que celle du service. Utilisez celle-ci :",
    cookies_required: "Votre navigateur ne conserve aucun cookie de ce site, et sans cookies personne ne peut être connecté. \
                       Autorisez les cookies pour ce site, puis réessayez.",
    not_found: "Cela n’existe plus.",
    username_taken: "Ce nom d’utilisateur est pris. Choisissez-en un autre.",
    registration_closed: "Les nouveaux comptes sont créés par l’administration de ce site.",
    link_invalid: "Ce lien n’est plus valable. Demandez-en un nouveau.",
    second_factor_required: "Saisissez un code pour continuer.",
    second_factor_invalid: "Le code est erroné, ou a déjà servi. Attendez le suivant.",
    sign_in_expired: "Cette connexion a pris trop de temps, ou a reçu trop de codes erronés. Saisissez à nouveau votre mot de passe.",
    already_set_up: "Une application d’authentification est déjà configurée. Retirez-la d’abord.",
    payload_too_large: "C’est trop long pour être envoyé.",
    rate_limited: "Trop d’essais. Attendez un instant et réessayez.",
    wait_seconds: |n| match n {
        1 => "Trop d’essais. Réessayez dans une seconde.".into(),
        _ => format!("Trop d’essais. Réessayez dans {n} secondes."),
    },
    wait_minutes: |n| format!("Trop d’essais. Réessayez dans {n} minutes."),
    offline: "Vous êtes hors ligne\u{a0}: rien n’a été envoyé. Réessayez une fois que vous êtes en ligne.",
    unavailable: "Le service ne peut pas répondre pour l’instant. Réessayez dans un moment.",
    unexpected: "Quelque chose a échoué de notre côté. Réessayez.",
};

pub(super) static FIELDS: FieldsTexts = FieldsTexts {
    username_too_short: "Le nom d’utilisateur doit avoir au moins 2 caractères.",
    username_too_long: "Le nom d’utilisateur peut avoir 64 caractères au plus.",
    username_invalid: "Utilisez seulement des lettres, des chiffres et des signes comme . - _ @, sans espaces.",
    password_too_short: |n| format!("C’est trop court. Utilisez au moins {n} caractères."),
    password_too_long: "C’est trop long. 1 024 caractères au plus.",
    password_too_common: "Ce mot de passe est facile à deviner. Choisissez-en un autre.",
    password_contains_username: "Le mot de passe ne doit pas contenir le nom d’utilisateur.",
    password_required: "Saisissez un mot de passe.",
    password_unchanged: "C’est votre mot de passe actuel. Choisissez-en un autre.",
    password_invalid: "Certains de ces caractères ne sont pas acceptés dans un mot de passe.",
    name: "Utilisez de 1 à 64 caractères, sans caractère invisible.",
};

pub(super) static DATES: DatesTexts = DatesTexts {
    months: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    date: |day, month, year| format!("{day} {month} {year}"),
    date_and_time: |date, time| format!("{date} à {time}"),
    today: "Aujourd’hui",
    yesterday: "Hier",
    now: "à l’instant",
    minutes: |n| match n {
        1 => "il y a 1 minute".into(),
        _ => format!("il y a {n} minutes"),
    },
    hours: |n| match n {
        1 => "il y a 1 heure".into(),
        _ => format!("il y a {n} heures"),
    },
    days: |n| match n {
        1 => "hier".into(),
        _ => format!("il y a {n} jours"),
    },
    in_minutes: |n| match n {
        1 => "dans 1 minute".into(),
        _ => format!("dans {n} minutes"),
    },
    in_hours: |n| format!("dans {n} heures"),
    in_days: |n| format!("dans {n} jours"),
};

pub(super) static FAREWELLS: FarewellsTexts = FarewellsTexts {
    signed_out: "Vous êtes déconnecté.",
    signed_out_everywhere: "Vous êtes déconnecté de tous vos appareils.",
    deleted: "Votre compte est supprimé.",
    ended_by_user: "Votre session a été fermée depuis un autre appareil.",
    replaced: "Une connexion plus récente dans ce navigateur a remplacé celle-ci.",
    reused: "Quelqu’un a peut-être copié cette connexion. Nous y avons mis fin. Reconnectez-vous et vérifiez vos appareils.",
    password_changed: "Votre session a été fermée parce que le mot de passe a été changé. Connectez-vous avec le nouveau.",
    too_many: "Votre session a été fermée parce qu’il y avait trop de connexions et que celle-ci était inutilisée depuis le \
               plus longtemps.",
    operator: "L’administration de ce site a fermé votre session.",
    disabled: "L’administration de ce site a désactivé ce compte.",
    expired: "Votre connexion a expiré. Reconnectez-vous.",
    gone: "Cette connexion n’est plus connue ici. Son compte a peut-être été supprimé.",
    by: |device| format!("par {device}"),
    not_you: "Si ce n’était pas vous, connectez-vous et changez votre mot de passe.",
};

pub(super) static LASTING: LastingTexts = LastingTexts {
    days: |n| format!("{n} jours"),
    hours: |n| format!("{n} heures"),
    minutes: |n| format!("{n} minutes"),
    remember: |longest, unused, short| {
        format!(
            "Pendant {longest} au plus, si vous ne restez jamais absent plus de {unused}. Sinon jusqu’à la fermeture du navigateur, {short} au plus."
        )
    },
};
