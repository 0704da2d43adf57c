use super::{
    Known, acts_on_what_matches, adds_each_time, goes_down_into, in_library, only_sleeps, placeholder,
    takes_away_somewhere, waits_for_a_person,
};

/// Words as they are written, `_` for one that depends on the run.
fn words(line: &str) -> Vec<Known> {
    line.split(' ').map(|word| (word != "_").then(|| word.to_owned())).collect()
}

#[test]
fn what_waits_for_a_person_is_known() {
    let waits = |line: &str| waits_for_a_person(&words(line), false).is_some();
    for line in [
        "vi /etc/hosts",
        "/usr/bin/vim x",
        "kubectl edit deploy _",
        "kubectl -n _ exec -it _ -- sh",
        "docker run --rm -ti debian",
        "psql -U app",
        "mysql _",
        "apt-get install nginx",
        "terraform destroy",
        "lvremove _",
        "crontab -e",
        "systemctl edit nginx",
        "less /var/log/syslog",
        "top",
        "passwd _",
        "rm -ri _",
    ] {
        assert!(waits(line), "{line}");
    }
    for line in [
        "kubectl get pods",
        "kubectl exec _ -- tar -tf x",
        "docker run --rm debian",
        "docker run debian tar -t",
        "psql -Atc _",
        "psql --file=x",
        "mysql -e _",
        "apt-get install -y nginx",
        "apt-get -qqy update",
        "apt-get update",
        "terraform plan",
        "lvremove -fy _",
        "crontab -l",
        "systemctl restart nginx",
        "top -bn1",
        "rm -rf _",
        "_ edit",
        "tmux new-session -d app",
        "screen -dmS name app",
        "emacs --batch x",
    ] {
        assert!(!waits(line), "{line}");
    }
    assert_eq!(waits_for_a_person(&words("psql -U app"), true), None, "the input says what to do");
}

#[test]
fn what_goes_down_into_folders_is_known() {
    let down = |line: &str| goes_down_into(&words(line));
    assert_eq!(down("rm -rf _ /x"), [2, 3]);
    assert_eq!(down("rm -v --recursive _"), [3]);
    assert_eq!(down("rm -f _"), Vec::<usize>::new());
    assert_eq!(down("chown -R app:app _"), [3]);
    assert_eq!(down("find _ /y -name x -delete"), [1, 2]);
    assert_eq!(down("find _ -name x"), Vec::<usize>::new());
    assert!(only_sleeps(&words("sleep 30")) && !only_sleeps(&words("app sleep")));
}

#[test]
fn what_acts_on_whatever_matches_is_known() {
    let words_of = |line: &str| acts_on_what_matches(&words(line)).map(str::to_owned);
    assert_eq!(words_of("kubectl delete pods --all"), Some("--all".to_owned()));
    assert_eq!(words_of("kubectl -n x delete pods -l app=x"), None, "the value of an option hides the verb");
    assert_eq!(words_of("kubectl scale deploy --selector=app=x"), Some("--selector=app=x".to_owned()));
    assert_eq!(words_of("pkill -f app"), Some("pkill".to_owned()));
    for line in ["kubectl get pods --all", "kubectl delete pod _", "kubectl delete pod x -- --all", "kill _"]
    {
        assert_eq!(words_of(line), None, "{line}");
    }
}

#[test]
fn what_takes_away_somewhere_is_known() {
    let takes = |line: &str| takes_away_somewhere(&words(line)).is_some();
    assert!(takes("kubectl -n x delete pod _") && takes("helm uninstall _") && takes("terraform destroy"));
    assert!(!takes("kubectl get pod _") && !takes("kubectl exec x -- app delete") && !takes("app delete"));
}

#[test]
fn what_adds_each_time_and_what_the_library_has_is_known() {
    let adds = |line: &str| adds_each_time(&words(line)).map(str::to_owned);
    assert_eq!(adds("lvextend -L +10G _"), Some("+10G".to_owned()));
    assert_eq!(adds("iptables -A INPUT -j DROP"), Some("-A".to_owned()));
    assert_eq!(adds("tee -a /etc/hosts"), Some("-a".to_owned()));
    for line in ["lvextend -L 10G _", "iptables -D INPUT -j DROP", "tee /etc/hosts", "date +%H"] {
        assert_eq!(adds(line), None, "{line}");
    }
    assert_eq!(in_library(&words("/usr/bin/pg_ctlcluster 15 _ promote")), Some("postgres.promote"));
    assert_eq!(in_library(&words("nc -zv _ 80")), Some("net.accepts"));
    assert_eq!(in_library(&words("pg_ctlcluster 15 _ stop")), None);
}

#[test]
fn what_nobody_filled_in_is_found() {
    for (text, found) in [
        ("--name=<cluster-name>", Some("<cluster-name>")),
        ("https://<HOST>/x", Some("<HOST>")),
        ("<your node>", Some("<your node>")),
        ("token=CHANGE_ME", Some("CHANGE_ME")),
        ("YOUR_TOKEN", Some("YOUR_TOKEN")),
        ("<b>text</b>", None),
        ("a < b > c", None),
        ("{{.State}}", None),
        ("YOUR", None),
        ("YOURS", None),
        ("exchanged", None),
    ] {
        assert_eq!(placeholder(text), found, "{text}");
    }
}
